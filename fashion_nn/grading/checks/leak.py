"""Are test rows among the training rows? Then a good score says less than it seems to."""

from fashion_nn.grading.check import Check, not_applicable
from fashion_nn.grading.evidence import Evidence
from fashion_nn.grading.rows import NEAR, NearDuplicates

_SHARE_ALLOWED = 0.01


def check(evidence: Evidence) -> Check:
    """Count the test rows that have a near duplicate among the training rows."""
    if evidence.reference.duplicates is None:
        return not_applicable("leak", "no training data given")
    return judge(evidence.reference.duplicates)


def judge(found: NearDuplicates) -> Check:
    """A warning if more than 1 % of the test rows have a near duplicate."""
    share = found.near / found.rows
    return Check(
        "leak",
        "WARN" if share > _SHARE_ALLOWED else "PASS",
        f"{found.near:,} of {found.rows:,} test rows have a near duplicate in the training data,"
        f" {found.exact:,} an equal one",
        f"at most {_SHARE_ALLOWED:.0%} within a root mean square difference of {NEAR}",
        {"rows": found.rows, "exact": found.exact, "near": found.near},
    )
