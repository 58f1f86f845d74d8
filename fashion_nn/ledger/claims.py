"""The claims of the five reports and the systems that they are about, read from the package's data.

Adding a claim means adding an entry to `claims.json` and its check to a module of `course`.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, TypeAdapter

from fashion_nn.core.reading import packaged
from fashion_nn.errors import InputError


def _joined(quoted: Any) -> Any:
    """A matrix is quoted as the list of its entries."""
    return ", ".join(map(str, quoted)) if isinstance(quoted, list) else quoted


@dataclass(frozen=True)
class Claim:
    """One published figure or statement.

    Attributes:
        id: the number of the report, a dash, and the number of the claim, such as 001-007.
        report: the number of the report, 000 to 004.
        system: id of the system that the claim is about.
        claim: what is claimed, in a few words.
        quoted: what the report prints, as text.
        how: a way to check it.
    """

    id: str
    report: str
    system: str
    claim: str
    quoted: Annotated[str, BeforeValidator(_joined)]
    how: str


@dataclass(frozen=True)
class System:
    """A model, an exercise or a set-up that a report describes.

    Attributes:
        id: such as S003-22.
        name: what it is, in a few words.
        params: its settings, in words.
        report: the number of the report, 000 to 004.
    """

    id: str
    name: str
    params: str
    report: str


@lru_cache
def load() -> tuple[Claim, ...]:
    """All claims in their order."""
    return TypeAdapter(tuple[Claim, ...]).validate_json(_read("claims.json"))


@lru_cache
def systems() -> Mapping[str, System]:
    """The systems of the reports by their id."""
    found = TypeAdapter(list[System]).validate_json(_read("systems.json"))
    return {system.id: system for system in found}


@lru_cache
def _claims_by_id() -> Mapping[str, Claim]:
    return {claim.id: claim for claim in load()}


def by_id(id: str) -> Claim:
    """The claim with this id.

    Raises:
        KeyError: there is none.
    """
    return _claims_by_id()[id]


def reports() -> list[str]:
    """The numbers of the reports, 000 to 004."""
    return sorted({claim.report for claim in load()})


def select(words: Sequence[str]) -> list[Claim]:
    """Choose claims by id, report or system, such as 001-007, 001, report-001 or S001-3.

    Returns the claims in their order in the ledger; all of them if `words` is empty.

    Raises:
        InputError: a word is no id, report or system.
    """
    if not words:
        return list(load())
    chosen: set[str] = set()
    for word in words:
        name = word.lower().removeprefix("report-")
        found = [claim.id for claim in load() if name in _names(claim)]
        if not found:
            raise InputError(_unknown(word, name))
        chosen.update(found)
    return [claim for claim in load() if claim.id in chosen]


def _names(claim: Claim) -> tuple[str, ...]:
    return (claim.id, claim.report, claim.system.lower())


def _unknown(word: str, name: str) -> str:
    close = difflib.get_close_matches(name, [claim.id for claim in load()], n=1)
    hint = f", such as {close[0]}" if close else ""
    expected = f"expected one of {', '.join(reports())} or an id{hint}"
    return f"unknown claim or report {word!r}: {expected}"


def _read(name: str) -> str:
    return packaged(__package__, name).decode()
