"""The claims of the five reports, as data."""

import difflib
import json
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

from fashion_nn.errors import InputError
from fashion_nn.ledger.findings import Claim


@lru_cache
def load() -> tuple[Claim, ...]:
    """All claims in their order."""
    return tuple(Claim(**values | {"quoted": _text(values["quoted"])}) for values in _read("claims.json"))


def _text(quoted: str | list[str]) -> str:
    """A matrix is quoted as the list of its entries."""
    return quoted if isinstance(quoted, str) else ", ".join(map(str, quoted))


@lru_cache
def systems() -> dict[str, dict[str, str]]:
    """The systems of the reports by their id."""
    return {values["id"]: values for values in _read("systems.json")}


def by_id(id: str) -> Claim:
    return next(claim for claim in load() if claim.id == id)


def reports() -> list[str]:
    """The reports, as 000 to 004."""
    return sorted({claim.report for claim in load()})


def select(words: Sequence[str]) -> list[Claim]:
    """The claims with these ids or of these reports or systems (001-007, 001, report-001, S001-3); all, without words.

    Raises:
        InputError: a word is none of them.
    """
    if not words:
        return list(load())
    chosen: dict[str, Claim] = {}
    for word in words:
        name = word.lower().removeprefix("report-")
        found = [claim for claim in load() if name in (claim.id, claim.report) or name == claim.system.lower()]
        if not found:
            close = difflib.get_close_matches(name, [claim.id for claim in load()], n=1)
            hint = f", such as {close[0]}" if close else ""
            raise InputError(f"unknown claim or report {word!r}: expected one of {', '.join(reports())} or an id{hint}")
        chosen |= {claim.id: claim for claim in found}
    return [claim for claim in load() if claim.id in chosen]


def _read(name: str) -> list[dict[str, str]]:
    return json.loads(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))
