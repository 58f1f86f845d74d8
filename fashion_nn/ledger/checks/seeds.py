"""Claims that are judged from the stored results of a protocol: statements about what was measured
over seeds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fashion_nn.ledger import protocols
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.criteria import chain, in_order
from fashion_nn.ledger.findings import Check, Finding, Outcome, Spread, only_for, waiting
from fashion_nn.ledger.protocols import Parts, Record

Criterion = Callable[[Parts, Claim], Outcome]


def column(records: Sequence[Record], *path: str) -> list[Any]:
    """One value of every seed, by the keys that lead to it."""
    values = []
    for record in records:
        value: Any = record
        for key in path:
            value = value[key]
        values.append(value)
    return values


def spread(records: Sequence[Record], *path: str) -> Spread:
    """Mean and deviation of a number over the seeds, by the keys that lead to it."""
    return Spread.of(column(records, *path))


def over_seeds(
    protocol: str, words: str | Sequence[str], criterion: Criterion, evidence: str = ""
) -> Check:
    """A statement about what a protocol measured.

    Args:
        words: must stand in the quotation.
        evidence: a command of the lab that shows one run of it.
    """

    def judge(claim: Claim) -> Finding:
        found = protocols.stored(protocol)
        if found is None:
            return needs_protocol(protocol, claim)
        outcome = criterion(found.parts, claim)
        if not outcome.seeds:
            outcome = replace(outcome, seeds=len(found.seeds))
        return outcome.finding(evidence or f"fashion-nn lab losses {protocol}")

    return Check(only_for(words, judge), protocol=protocol)


def needs_protocol(protocol: str, claim: Claim) -> Finding:
    """The finding as long as a protocol has no stored results."""
    return waiting(f"needs the results of {protocol}: fashion-nn reproduce {claim.id} --full")


def ordered(measure: str, labels: Sequence[str]) -> Criterion:
    """The mean of a measure grows from label to label."""
    criterion = in_order(measure, chain(*labels))

    def judged(parts: Parts, _: Claim) -> Outcome:
        found = {label: column(parts[label], *measure.split("/")) for label in labels}
        return criterion.outcome(found, spreads(found), n=len(found))

    return judged


def spreads(found: Mapping[str, Sequence[float]]) -> dict[str, Spread]:
    """Mean and deviation of each list of values."""
    return {name: Spread.of(values) for name, values in found.items()}
