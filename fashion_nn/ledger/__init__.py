"""The ledger: every figure and statement of the five reports, measured again, with a verdict.

    judge(select(["001-007", "004"]))    one entry for each claim: quoted, measured, verdict
    run("playground")                    run a protocol over seeds, and store its results

A claim is an entry of `claims.json`; the modules of `course` map its id to a check, which `checks`
makes from the claim's arguments. A check declares what it needs (a protocol's results, models that
TensorFlow builds), so a new claim touches these two places only. A verdict is computed when it is
asked for, never stored.
"""

from fashion_nn.ledger.claims import Claim, load, reports, select
from fashion_nn.ledger.criteria import Criterion, PowerlessCriterion
from fashion_nn.ledger.findings import MEANINGS, VERDICTS, Finding, Verdict
from fashion_nn.ledger.judging import (
    Entry,
    all_checks,
    builds_models,
    judge,
    protocols_behind,
    slips,
    summary,
)
from fashion_nn.ledger.protocols import PROTOCOLS, RESULTS, estimate, run, stored, trainings

__all__ = [
    "MEANINGS",
    "PROTOCOLS",
    "RESULTS",
    "VERDICTS",
    "Claim",
    "Criterion",
    "Entry",
    "Finding",
    "PowerlessCriterion",
    "Verdict",
    "all_checks",
    "builds_models",
    "estimate",
    "judge",
    "load",
    "protocols_behind",
    "reports",
    "run",
    "select",
    "slips",
    "stored",
    "summary",
    "trainings",
]
