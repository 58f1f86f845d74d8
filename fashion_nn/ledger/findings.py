"""What a check finds: a verdict that was computed, what it was computed from, and the command that shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MATCH, ROUNDING, DIFFERS, NOT_REPRODUCIBLE, WAITING = VERDICTS = (
    "match",
    "match-rounding",
    "differs",
    "not-reproducible",
    "waiting",
)


@dataclass(frozen=True)
class Claim:
    """One published figure or statement. `quoted` is what the report prints, as text; `how` the way to check it."""

    id: str
    report: str
    system: str
    claim: str
    quoted: str
    how: str


@dataclass(frozen=True)
class Finding:
    """What is found of a claim.

    Attributes:
        verdict: one of `VERDICTS`.
        measured: ours, as plain Python values: a number, a list, words, or {"mean", "sd", "n"}.
        why: the criterion or the reason in words; for `differs` what is right.
        slip: what went wrong, where a hypothesis was tried and gives the printed figure.
        evidence: the command that shows it; empty for the ledger's own.
    """

    verdict: str
    measured: Any
    why: str = ""
    slip: str = ""
    evidence: str = ""


Check = Callable[[Claim], Finding]


def resting_on(protocol: str, check: Check) -> Check:
    """Note on a check of which statistical protocol it reads the results."""
    check.protocol = protocol  # type: ignore[attr-defined]
    return check


def protocol_of(check: Check) -> str | None:
    return getattr(check, "protocol", None)


def statement(holds: bool, measured: Any, why: str, *, slip: str = "", evidence: str = "") -> Finding:
    """The verdict on a statement in words, from a criterion that was fixed beforehand and computed."""
    return Finding(MATCH if holds else DIFFERS, measured, why, "" if holds else slip, evidence)


def not_reproducible(why: str, measured: Any = None, evidence: str = "") -> Finding:
    return Finding(NOT_REPRODUCIBLE, measured, why, evidence=evidence)


def waiting(why: str, measured: Any = None, evidence: str = "") -> Finding:
    return Finding(WAITING, measured, why, evidence=evidence)


def worst(verdicts: list[str]) -> str:
    """Of match, match-rounding and differs the one that says most against the claim."""
    return max(verdicts, key=VERDICTS.index)
