"""Claims judged from stored results of the protocols: statements over seeds, rows of a table, the figures of runs."""

import statistics
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from fashion_nn.ledger import figures, protocols
from fashion_nn.ledger.findings import (
    DIFFERS,
    MATCH,
    ROUNDING,
    Check,
    Claim,
    Finding,
    resting_on,
    statement,
    waiting,
    worst,
)
from fashion_nn.ledger.traces import wording

Records = list[dict[str, Any]]
Parts = dict[str, Records]


def mean_sd(values: Sequence[float]) -> dict[str, float]:
    """{"mean", "sd", "n"}, to six digits; sd with n - 1."""
    sd = statistics.stdev(values) if len(values) > 1 else 0.0
    return {"mean": float(f"{statistics.fmean(values):.6g}"), "sd": float(f"{sd:.3g}"), "n": len(values)}


def over(records: Records, *path: str) -> list[float]:
    """A number of every seed, by the keys that lead to it."""
    values = []
    for record in records:
        value: Any = record
        for key in path:
            value = value[key]
        values.append(value)
    return values


def study(
    protocol: str,
    words: str | Sequence[str],
    criterion: Callable[[Parts, Claim], tuple[bool, Any, str]],
    command: str = "",
) -> Check:
    """A statement about what a protocol found.

    Args:
        words: must stand in the quotation.
        criterion: from the parts and the claim to whether it holds, what was measured, and why.
        command: of the lab, which shows one run of it.
    """

    def check(claim: Claim) -> Finding:
        found = protocols.stored(protocol)
        if found is None:
            return waiting(f"needs the results of {protocol}: fashion-nn reproduce {claim.id} --full")
        holds, measured, why = criterion(found["parts"], claim)
        return statement(holds, measured, why, evidence=command or f"fashion-nn lab losses {protocol}")

    return wording(words, resting_on(protocol, check))


def ordered(measure: str, labels: Sequence[str]) -> Callable[[Parts, Claim], tuple[bool, Any, str]]:
    """The mean of a measure grows from label to label, by more than the standard error of each step."""

    def criterion(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
        found = {label: over(parts[label], *measure.split("/")) for label in labels}
        steps = [above(found[high], found[low]) for low, high in pairwise(labels)]
        words = " < ".join(labels)
        return all(steps), {label: mean_sd(values) for label, values in found.items()}, f"criterion: {measure}, {words}"

    return criterion


def above(high: Sequence[float], low: Sequence[float]) -> bool:
    """Whether the first mean lies above the second by more than the standard error of the difference."""
    error = sum(statistics.variance(each) / len(each) if len(each) > 1 else 0 for each in (high, low)) ** 0.5
    return statistics.fmean(high) - statistics.fmean(low) > error


# --- the Playground's tables

_DISPLAY = 0.001  # the page shows three decimals


def row(name: str, *, readings: Sequence[tuple[str, str]] = ()) -> Check:
    """A row of report 003's tables: training and test loss after its epochs.

    Each printed figure should lie among those of the seeds: between the second lowest and the second highest, widened
    by half a unit of the display (match) or one (match-rounding). Of a row that prints a loss below 0.45 those seeds
    count that learn at all, if most do.

    Args:
        readings: other parts that are tried if it does not, each with what the report would have got wrong.
    """

    def check(claim: Claim) -> Finding:
        found = protocols.stored("playground")
        if found is None:
            return waiting(f"needs the results of playground: fashion-nn reproduce {claim.id} --full")
        printed = figures.read(claim.quoted, unit=_DISPLAY)
        records = found["parts"][name]
        verdict = _among(printed, records)
        losses = {kind: mean_sd(over(records, kind)) for kind in ("train_loss", "test_loss")}
        why = slip = ""
        if verdict == DIFFERS:
            counted = _counted(printed, records)
            ranges = ["{:.3f} to {:.3f}".format(*_band(over(counted, kind))) for kind in ("train_loss", "test_loss")]
            why = (
                f"{len(counted)} of {len(records)} seeds count; without the extremes the training loss is {ranges[0]}, "
            )
            why += f"the test loss {ranges[1]}"
            fits = [words for other, words in readings if _among(printed, found["parts"][other]) != DIFFERS]
            slip = "; ".join(fits)
        return Finding(
            verdict, losses, why, slip, f"fashion-nn lab playground --row {name.partition(',')[0]} --seeds 16"
        )

    return resting_on("playground", check)


def _band(values: Sequence[float]) -> tuple[float, float]:
    """Second lowest and second highest."""
    inner = sorted(values)[1:-1]
    return inner[0], inner[-1]


def _counted(printed: Sequence[figures.Figure], records: Records) -> Records:
    learnt = learning(records)
    return learnt if printed[0].value < _CONSTANT and len(learnt) > len(records) / 2 else records


def _among(printed: Sequence[figures.Figure], records: Records) -> str:
    if len(printed) != 2:
        return DIFFERS
    verdicts, records = [], _counted(printed, records)
    for figure, kind in zip(printed, ("train_loss", "test_loss"), strict=True):
        low, high = _band(over(records, kind))
        gap = max(low - figure.value, figure.value - high, 0.0)
        half = figure.unit / 2 + 1e-12
        verdicts.append(MATCH if gap <= half else ROUNDING if gap <= 2 * half else DIFFERS)
    return worst(verdicts)


FEATURES = {
    "X1": "x1",
    "X2": "x2",
    "X12": "x1^2",
    "X22": "x2^2",
    "X1*X2": "x1x2",
    "Sin(X1)": "sin_x1",
    "Sin(X2)": "sin_x2",
}
_SHARE = 0.25  # of the strongest feature: below that it does not count as surviving
_CONSTANT = 0.45
_NOTHING = 0.05  # a network whose strongest feature is weaker than that is a constant


def surviving(part: str, *, swapped: str | None = None, readings: Sequence[tuple[str, str]] = ()) -> Check:
    """Which features a regularised network still looks at.

    A feature survives if its strength, the sum of |weight| out of it, median over the seeds, is at least a quarter of
    the strongest one's. `Amalgamation` is all seven.

    Args:
        swapped: the part of the data set whose name may have been exchanged with this one's.
        readings: other parts that are tried, of whose runs those count that learn, with what would have been wrong.
    """

    def check(claim: Claim) -> Finding:
        found = protocols.stored("playground")
        if found is None:
            return waiting(f"needs the results of playground: fashion-nn reproduce {claim.id} --full")
        named = claim.quoted.replace(" and ", ",").replace("&", ",").split(",")
        printed = {FEATURES.get(name.strip(), name.strip()) for name in named}
        printed = set(FEATURES.values()) if printed == {"Amalgamation"} else printed
        strength = strengths(found["parts"][part])
        ours = survivors(strength)
        slip = ""
        if swapped and printed != ours and printed == survivors(strengths(found["parts"][swapped])):
            slip = f"the row is that of {swapped.partition('/')[2]}: the names of the data sets are exchanged"
        for other, words in readings:
            learnt = learning(found["parts"][other])
            if printed != ours and learnt and printed == survivors(strengths(learnt)):
                slip = words
        why = f"surviving: {', '.join(name for name in strength if name in ours) or 'none, the networks are constants'}"
        command = f"fashion-nn lab playground --row {part.partition(',')[0]} --seeds 16"
        return statement(printed == ours, strength, why, slip=slip, evidence=command)

    return resting_on("playground", check)


def strengths(records: Records) -> dict[str, float]:
    """Median strength of each feature over the seeds."""
    return {name: round(statistics.median(over(records, "strength", name)), 3) for name in records[0]["strength"]}


def survivors(strength: dict[str, float]) -> set[str]:
    strongest = max(strength.values())
    return {name for name, value in strength.items() if value >= _SHARE * strongest > _SHARE * _NOTHING}


def learning(records: Records) -> Records:
    """The runs that are better than a constant, whose loss is a half."""
    return [record for record in records if record["train_loss"] < _CONSTANT]


def epochs_to(records: Records, loss: float) -> float:
    """Median over the seeds of the first epoch with a test loss below `loss`; infinite where most never get there."""
    values = [found if found is not None else float("inf") for found in over(records, "epochs_to", str(loss))]
    return statistics.median(values)
