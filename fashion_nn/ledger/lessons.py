"""What the five reports teach: the most instructive findings, each in two sentences.

A lesson rests on claims with certain verdicts, and its figures are read from their measurements. A
lesson whose claims have other verdicts is left out, so the page never says what is not found.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fashion_nn.ledger.findings import Verdict
from fashion_nn.ledger.judging import Entry

Measured = Mapping[str, Any]
"""The id of a claim → its measured value."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A finding for a student: what to remember, two sentences, and the claims behind it."""

    title: str
    text: str
    claims: tuple[str, ...]


@dataclass(frozen=True)
class _Source:
    """A lesson, its text still to be written from what is measured.

    Attributes:
        needs: the claims that it rests on → the verdict that each must have.
    """

    title: str
    needs: Mapping[str, Verdict]
    text: Callable[[Measured], str]


def lessons(entries: Sequence[Entry]) -> list[Lesson]:
    """The lessons whose claims are among the entries with the verdicts that they rest on."""
    found = {entry.claim.id: entry.finding for entry in entries}
    return [
        Lesson(
            source.title,
            source.text({id: found[id].measured for id in source.needs}),
            tuple(source.needs),
        )
        for source in _SOURCES
        if all(id in found and found[id].verdict == needed for id, needed in source.needs.items())
    ]


def _copied(measured: Measured) -> str:
    sigmoid, relu = measured["001-073"].values()
    return (
        "Report 001 swaps sigmoid for ReLU and finds the same derivatives as before, because they "
        "were copied; computed, the largest is "
        f"{relu:.2g} instead of {sigmoid:.2g}. The hidden gradient no longer vanishes, but large "
        "outputs of ReLU saturate the sigmoid behind them: look at the whole chain of factors, "
        "not at one of them."
    )


def _exchanged(measured: Measured) -> str:
    gauss = measured["003-033"]["test accuracy"]["mean"]
    xor = measured["003-033"]["the same on XOR"]["mean"]
    return (
        "Report 003 says that the product x1 x2 alone separates the two Gaussians; it gets "
        f"{gauss:.0%} there, as a coin does, and {xor:.0%} on XOR. The names of two data sets are "
        "exchanged in its text and its tables: a plot of the data beside each result would have "
        "shown it."
    )


def _scales(measured: Measured) -> str:
    factor = measured["002-005"]["printed / right"]
    return (
        "Report 002 defines the loss as a mean over N samples and derives gradients without the "
        f"1/N: with three samples they are {factor:g} times too large, and the bias gradient is a "
        "matrix where a vector belongs. Checking the shapes and one number against a finite "
        "difference finds both mistakes in a minute."
    )


def _fair_rates(measured: Measured) -> str:
    cross_entropy, squared = (value["mean"] for value in measured["004-058"].values())
    return (
        "At one and the same learning rate cross-entropy seems to beat squared error on digits; "
        f"with the best rate for each the validation errors are {cross_entropy:.1%} and "
        f"{squared:.1%}, which five seeds do not tell apart. Tune both sides of a comparison "
        "before you call one of them better."
    )


def _non_sequitur(measured: Measured) -> str:
    chance = measured["003-196"]["answers at random"]
    return (
        "Report 003 concludes that its network generalised, because its predictions are spread "
        f"evenly over the classes; answers at random are as even, and {chance:.0%} of them are "
        "right. Ask of every argument which result would have spoken against it."
    )


_SOURCES = (
    _Source(
        "ReLU in front of a sigmoid vanishes too",
        {"001-073": Verdict.DIFFERS, "001-059": Verdict.DIFFERS},
        _copied,
    ),
    _Source(
        "Two data sets under each other's names",
        {"003-033": Verdict.DIFFERS, "003-006": Verdict.DIFFERS, "003-032": Verdict.DIFFERS},
        _exchanged,
    ),
    _Source(
        "Shapes find wrong gradients",
        {"002-005": Verdict.DIFFERS, "002-006": Verdict.DIFFERS},
        _scales,
    ),
    _Source("A comparison needs two tuned sides", {"004-058": Verdict.NOT_TOLD_APART}, _fair_rates),
    _Source("Even predictions prove nothing", {"003-196": Verdict.DIFFERS}, _non_sequitur),
)
