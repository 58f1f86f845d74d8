"""The ledger: every figure and statement of the five reports, measured again, with a verdict that is computed.

    judge(select(["001-007", "004"]))        one entry a claim: quoted, measured, verdict, evidence
    run("playground")                        a statistical protocol; its results are read from then on

A claim is a row of data (`claims.json`); the modules of `course` map its id to a check of a family
and its arguments. Families: worked exercises (`traces`), formulas (`algebra`), layer tables (`tables`), statements over
seeds (`studies`), trainings (`trainings`), and the report against itself (`texts`).
"""

from fashion_nn.ledger.claims import load, reports, select
from fashion_nn.ledger.findings import VERDICTS, Claim, Finding
from fashion_nn.ledger.judging import Entry, checks, judge, protocols_behind, slips, summary
from fashion_nn.ledger.protocols import PROTOCOLS, RESULTS, estimate, run, stored

__all__ = [
    "PROTOCOLS",
    "RESULTS",
    "VERDICTS",
    "Claim",
    "Entry",
    "Finding",
    "checks",
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
]
