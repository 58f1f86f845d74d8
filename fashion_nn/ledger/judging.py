"""From claims to entries: the finding on each claim, the counts of verdicts, and the most
instructive slips.

The registry of checks refuses a criterion that no result can turn: such a one raises
`criteria.PowerlessCriterion` when it is made.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

from fashion_nn.core.strict_json import JsonObject
from fashion_nn.ledger import claims
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import VERDICTS, Check, Finding, Verdict, waiting

INSTRUCTIVE = (
    "001-017",
    "001-016",
    "001-059",
    "001-073",
    "002-006",
    "004-052",
    "003-179",
    "003-006",
    "003-196",
    "003-032",
    "000-017",
    "003-118",
)
"""The claims that teach a reader most, best first; those that still differ are shown."""


@dataclass(frozen=True)
class Entry:
    """A claim and the finding on it."""

    claim: Claim
    finding: Finding

    def to_json(self) -> JsonObject:
        """Plain values; `evidence` is a command, or "the report itself", or empty."""
        claim = self.claim
        finding = self.finding
        return {
            "id": claim.id,
            "report": claim.report,
            "system": claim.system,
            "claim": claim.claim,
            "quoted": claim.quoted,
            "measured": finding.measured,
            "verdict": finding.verdict.value,
            "why": finding.why,
            "slip": str(finding.slip or ""),
            "criterion": finding.criterion,
            "turns": finding.turns,
            "n": finding.n,
            "seeds": finding.seeds,
            "evidence": finding.evidence,
        }


@lru_cache
def all_checks() -> Mapping[str, Check]:
    """The check of each claim by its id."""
    found: dict[str, Check] = {}
    for report in claims.reports():
        found.update(import_module(f"fashion_nn.ledger.course.report_{report}").CHECKS)
    return found


def judge(
    chosen: Sequence[Claim], *, progress: Callable[[int, int], None] | None = None
) -> list[Entry]:
    """The verdict on each claim, computed now from what it quotes.

    Args:
        progress: called with (claims done, claims).
    """
    entries = []
    for done, claim in enumerate(chosen):
        if progress:
            progress(done, len(chosen))
        check = all_checks().get(claim.id)
        finding = check.judge(claim) if check else waiting("there is no check yet")
        entries.append(Entry(claim, finding))
    if progress:
        progress(len(chosen), len(chosen))
    return entries


def summary(entries: Sequence[Entry]) -> dict[str, dict[Verdict, int]]:
    """The number of claims with each verdict, by report and under `all`."""
    names = [*sorted({entry.claim.report for entry in entries}), "all"]
    counts = {name: dict.fromkeys(VERDICTS, 0) for name in names}
    for entry in entries:
        for name in (entry.claim.report, "all"):
            counts[name][entry.finding.verdict] += 1
    return counts


def slips(entries: Sequence[Entry], most: int = 10) -> list[Entry]:
    """The most instructive claims that do not hold."""
    wrong = {entry.claim.id: entry for entry in entries if entry.finding.verdict == Verdict.DIFFERS}
    first = [wrong[id] for id in INSTRUCTIVE if id in wrong]
    rest = [entry for entry in wrong.values() if entry not in first and entry.finding.slip]
    return (first + rest)[:most]


def protocols_behind(chosen: Sequence[Claim]) -> list[str]:
    """The protocols whose results the checks of these claims read."""
    found = (check.protocol for check in _checks_of(chosen))
    return list(dict.fromkeys(name for name in found if name))


def builds_models(chosen: Sequence[Claim]) -> bool:
    """Whether a check of these claims builds models, which takes TensorFlow."""
    return any(check.builds_models for check in _checks_of(chosen))


def _checks_of(chosen: Sequence[Claim]) -> list[Check]:
    return [all_checks()[claim.id] for claim in chosen if claim.id in all_checks()]
