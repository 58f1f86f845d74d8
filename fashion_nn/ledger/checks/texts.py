"""Claims that are checked without a training: the report against itself, against arithmetic, or not
at all.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from fashion_nn.ledger import claims, quotations
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import (
    Check,
    Measured,
    Outcome,
    not_reproducible,
    nothing_printed,
    only_for,
    waiting,
)

Criterion = Callable[[Claim], Outcome]

THE_REPORT = "the report itself"
"""The evidence of a claim that only the report's own words decide."""


def fact(
    words: str | Sequence[str],
    criterion: Criterion,
    evidence: str = "",
    *,
    builds_models: bool = False,
) -> Check:
    """A statement with a criterion that is computed when asked; `words` must stand in the
    quotation.
    """
    judge = only_for(words, lambda claim: criterion(claim).finding(evidence))
    return Check(judge, builds_models=builds_models)


def absent(why: str, measured: Callable[[], Measured] | None = None, evidence: str = "") -> Check:
    """What nobody can run again: the reason, and our value if there is one to show."""
    return Check(lambda _: not_reproducible(why, measured() if measured else None, evidence))


def unprinted(measured: Callable[[], Measured], evidence: str) -> Check:
    """A value of ours where the report prints none."""
    return Check(lambda _: nothing_printed(measured(), evidence))


def pending(words: str | Sequence[str], why: str) -> Check:
    """A statement whose measurement is still to be made: what is missing."""
    return Check(only_for(words, lambda _: waiting(why)))


def numbers(
    values: Callable[[], Sequence[float]],
    evidence: str = "",
    *,
    unit: float | None = None,
    why: str = "",
) -> Check:
    """Printed numbers against values that are computed when asked; see `quotations.judge`."""
    return Check(
        lambda claim: quotations.judge(claim, values(), unit=unit, why=why, evidence=evidence)
    )


def quoted(id: str) -> list[float]:
    """The numbers that another claim quotes."""
    return [number.value for number in quotations.read(claims.by_id(id).quoted)]


# --- the fold scores of report 003, figure 14

FOLDS = tuple(f"003-{number}" for number in range(157, 162))
OFFICIAL_FOLD = 12_000
"""Images in each of five stratified folds of the official training split: 1,200 of each class."""
_FOLD_SIZES = range(11_950, 12_051)


@dataclass(frozen=True)
class Fraction:
    """A score as the number of right answers among those to the n images of a fold."""

    right: int
    n: int

    def __str__(self) -> str:
        return f"{self.right}/{self.n}"

    @property
    def value(self) -> float:
        return self.right / self.n


@lru_cache
def fraction(text: str) -> Fraction | None:
    """The only fraction with a fold's size as denominator that is printed as `text`; None if it is
    not unique.
    """
    decimals = len(text.partition(".")[2])
    value = float(text)
    unit = 10.0 ** -max(decimals, 8)  # NumPy prints eight digits and drops zeros at the end
    candidates = {
        Fraction(right, n)
        for n in _FOLD_SIZES
        for right in (math.floor(value * n), math.ceil(value * n))
    }
    fits = [one for one in candidates if abs(one.value - value) <= unit / 2 * 1.000001]
    return fits[0] if len(fits) == 1 else None


def fold_sizes() -> list[int] | None:
    """Images of the five folds, from the printed scores; None if a score is no such fraction."""
    found = [fraction(claims.by_id(id).quoted.strip()) for id in FOLDS]
    sizes = [one.n for one in found if one is not None]
    return sizes if len(sizes) == len(found) else None


# --- report 002's four configurations

_CONFIGURATION = re.compile(
    r"(Leaky ReLU|ReLU|Sigmoid|Tanh) (Xavier|He) (Adam|SGD|Adagrad) ([\d.]+)"
)


@dataclass(frozen=True)
class Configuration:
    """How report 002 trained its convolutional network, in the report's words."""

    activation: str
    initialiser: str
    optimizer: str
    rate: str

    def __str__(self) -> str:
        return f"{self.activation} {self.initialiser} {self.optimizer} {self.rate}"

    @property
    def recipe(self) -> str:
        """The end of our recipe's name."""
        words = f"{self.activation} {self.initialiser} {self.optimizer}"
        return words.lower().replace(" ", "-")

    @property
    def run_name(self) -> str:
        """The name that the report's run carries."""
        return f"mnist_dcn_{self}".lower().replace(" ", "_")


def configurations() -> list[Configuration]:
    """The configurations that report 002 lists."""
    return [
        Configuration(*found) for found in _CONFIGURATION.findall(claims.by_id("002-024").quoted)
    ]


# --- captions of figures, which the text refers to by number

CAPTIONS = {
    "000": {3: "training loss, clean", 4: "training error, noisy", 5: "validation loss, noisy"},
    "003": {
        5: "MLP architecture",
        8: "CNN architecture",
        10: "CNN results, v2",
        11: "CNN results, v2",
        12: "PCA and k-means",
        13: "PCA and logistic regression",
        14: "logistic regression",
    },
}
"""What the figures show according to their captions."""


def captioned(report: str, *subjects: str) -> list[int]:
    """Numbers of the figures with these subjects."""
    captions = CAPTIONS[report].items()
    return [number for subject in subjects for number, shown in captions if shown == subject]
