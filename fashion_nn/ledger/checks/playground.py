"""Claims about TensorFlow Playground: rows of report 003's tables, from the stored results of the
protocol.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fashion_nn.ledger import protocols, quotations
from fashion_nn.ledger.checks.seeds import column, needs_protocol, spread
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.criteria import Criterion
from fashion_nn.ledger.findings import Check, Finding, Slip, Verdict, joined, plain, worst
from fashion_nn.ledger.protocols import Parts, Record
from fashion_nn.ledger.quotations import PrintedNumber

_DISPLAY = 0.001  # the page shows three decimals
_LOSSES = ("train_loss", "test_loss")
_CONSTANT = 0.45  # a network that is a constant has a loss of a half
_SHARE = 0.25  # of the strongest feature: a weaker feature does not count as surviving
_NOTHING = 0.05  # a network whose strongest feature is weaker than that is a constant

_ROW = "each loss lies among those of the seeds, without the two extremes, as the page displays it"
_SURVIVING: Criterion[tuple[set[str], set[str]]] = Criterion(
    "the features whose weights add up to a quarter of the strongest feature's or more, by the "
    "median over the seeds, are the printed ones",
    "one feature more or less",
    lambda pair: pair[0] == pair[1],
    ({"x1"}, {"x1"}),
    ({"x1"}, {"x2"}),
)

FEATURES = {
    "X1": "x1",
    "X2": "x2",
    "X12": "x1^2",
    "X22": "x2^2",
    "X1*X2": "x1x2",
    "Sin(X1)": "sin_x1",
    "Sin(X2)": "sin_x2",
}
"""Names of the features in the report → in the lab."""


@dataclass(frozen=True)
class Reading:
    """Another way to read a row of a table.

    Attributes:
        part: the part of the protocol that was run for it.
        slip: what went wrong in the report if this reading gives the printed row.
        shown: whether that settles it; otherwise it is a guess.
    """

    part: str
    slip: str
    shown: bool = True


def table_row(part: str, *, readings: Sequence[Reading] = ()) -> Check:
    """A row of report 003's tables: training and test loss after its epochs.

    Each printed number should lie among those of the seeds: between the second lowest and the
    second highest, widened by half a unit of the display (match). It may miss them by half a unit
    more, if it is no farther away than they scatter (match-rounding). For a row that prints a loss
    below 0.45, only the seeds that learn at all count, if most do.

    Args:
        part: the part of the protocol that ran this row.
        readings: tried in turn if the row differs.
    """

    def judge(claim: Claim) -> Finding:
        found = protocols.stored("playground")
        if found is None:
            return needs_protocol("playground", claim)
        parts: Parts = found.parts
        numbers = quotations.read(claim.quoted, unit=_DISPLAY)
        records = parts[part]
        verdict = _among(numbers, records)
        slip = None
        if verdict == Verdict.DIFFERS:
            fits = (r for r in readings if _among(numbers, parts[r.part]) != Verdict.DIFFERS)
            slip = joined(Slip(reading.slip, reading.shown) for reading in fits)
        return Finding(
            verdict,
            plain({kind: spread(records, kind) for kind in _LOSSES}),
            f"{_pairs(numbers, records)}; {_ranges(numbers, records)}",
            slip,
            _command(part),
            _ROW,
            "a printed loss outside the band of the seeds",
            len(_counted(numbers, records)),
            len(records),
        )

    return Check(judge, protocol="playground")


def _command(part: str) -> str:
    return f"fashion-nn lab playground --row {part.partition(',')[0]} --seeds 16"


def _pairs(numbers: Sequence[PrintedNumber], records: Sequence[Record]) -> str:
    """How many seeds show the printed pair on a display of three decimals."""
    pairs = [[record[kind] for kind in _LOSSES] for record in records]
    exact = sum(_all_within(numbers, pair, _DISPLAY / 2) for pair in pairs)
    near = sum(_all_within(numbers, pair, 1.5 * _DISPLAY) for pair in pairs)
    words = f"{exact} of {len(records)} seeds show this pair of losses"
    return f"{words}, {near} one that is at most .001 off"


def _all_within(numbers: Sequence[PrintedNumber], values: Sequence[float], distance: float) -> bool:
    return all(
        abs(number.value - value) <= distance
        for number, value in zip(numbers, values, strict=False)
    )


def _ranges(numbers: Sequence[PrintedNumber], records: Sequence[Record]) -> str:
    counted = _counted(numbers, records)
    train, test = ("{:.4f} to {:.4f}".format(*_band(column(counted, kind))) for kind in _LOSSES)
    why = f"without the extremes of the {len(counted)} seeds that count "
    return why + f"the training loss is {train}, the test loss {test}"


def _band(values: Sequence[float]) -> tuple[float, float]:
    """Second lowest and second highest."""
    inner = sorted(values)[1:-1]
    return inner[0], inner[-1]


def _counted(numbers: Sequence[PrintedNumber], records: Sequence[Record]) -> Sequence[Record]:
    learnt = learning(records)
    most_learn = len(learnt) > len(records) / 2
    return learnt if numbers[0].value < _CONSTANT and most_learn else records


def _among(numbers: Sequence[PrintedNumber], records: Sequence[Record]) -> Verdict:
    if len(numbers) != len(_LOSSES):
        return Verdict.DIFFERS
    counted = _counted(numbers, records)
    return worst(
        _in_band(number, column(counted, kind))
        for number, kind in zip(numbers, _LOSSES, strict=True)
    )


def _in_band(number: PrintedNumber, values: Sequence[float]) -> Verdict:
    low, high = _band(values)
    half = number.unit / 2 + 1e-12
    beyond = max(low - number.value, number.value - high, 0.0) - half
    if beyond <= 0:
        return Verdict.MATCH
    return Verdict.ROUNDING if beyond <= min(half, statistics.stdev(values)) else Verdict.DIFFERS


def surviving_features(part: str, *, swapped: str = "", readings: Sequence[Reading] = ()) -> Check:
    """Which features a regularised network still uses.

    The strength of a feature is the sum of |weight| out of it, median over the seeds. A feature
    survives if its strength is at least a quarter of the strongest feature's. `Amalgamation` is all
    seven.

    Args:
        part: the part of the protocol that ran this row.
        swapped: the part of the data set whose name may have been exchanged with this one's.
        readings: tried if the row differs, by the runs that learn.
    """

    def judge(claim: Claim) -> Finding:
        found = protocols.stored("playground")
        if found is None:
            return needs_protocol("playground", claim)
        parts: Parts = found.parts
        features = _printed_features(claim.quoted)
        strength = strengths(parts[part])
        ours = survivors(strength)
        names = ", ".join(name for name in strength if name in ours)
        why = f"surviving: {names or 'none, the networks are constants'}"
        slip = None if features == ours else _other_row(features, parts, swapped, readings)
        seeds = len(parts[part])
        outcome = _SURVIVING.outcome((features, ours), strength, why=why, slip=slip, n=7)
        return replace(outcome, seeds=seeds).finding(_command(part))

    return Check(judge, protocol="playground")


def _printed_features(quoted: str) -> set[str]:
    names = quoted.replace(" and ", ",").replace("&", ",").split(",")
    features = {FEATURES.get(name.strip(), name.strip()) for name in names}
    return set(FEATURES.values()) if features == {"Amalgamation"} else features


def _other_row(
    features: set[str], parts: Parts, swapped: str, readings: Sequence[Reading]
) -> Slip | None:
    """The slip that explains the printed features; the last that fits."""
    slip = None
    if swapped and features == survivors(strengths(parts[swapped])):
        name = swapped.partition("/")[2]
        slip = Slip(f"the row is that of {name}: the names of the data sets are exchanged", True)
    for reading in readings:
        learnt = learning(parts[reading.part])
        if learnt and features == survivors(strengths(learnt)):
            # That it fits the few runs that learn does not show that it was so.
            slip = Slip(reading.slip)
    return slip


def strengths(records: Sequence[Record]) -> dict[str, float]:
    """Median strength of each feature over the seeds."""
    names = records[0]["strength"]
    return {name: round(statistics.median(column(records, "strength", name)), 3) for name in names}


def survivors(strength: dict[str, float]) -> set[str]:
    """The features that survive, from the strength of each."""
    strongest = max(strength.values())
    if strongest <= _NOTHING:
        return set()
    return {name for name, value in strength.items() if value >= _SHARE * strongest}


def learning(records: Sequence[Record]) -> list[Record]:
    """The runs that are better than a constant."""
    return [record for record in records if record["train_loss"] < _CONSTANT]


def epochs_to(records: Sequence[Record], loss: float) -> float:
    """Median over the seeds of the first epoch with a test loss below `loss`; infinite if most
    never get there.
    """
    found = column(records, "epochs_to", str(loss))
    return statistics.median(float("inf") if epoch is None else epoch for epoch in found)
