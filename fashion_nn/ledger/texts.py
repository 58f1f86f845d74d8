"""Claims that are checked without a training: the report against itself, against arithmetic, or not at all."""

import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from fashion_nn.ledger import claims, figures
from fashion_nn.ledger.findings import Check, Claim, Finding, not_reproducible, statement
from fashion_nn.ledger.traces import wording

Answer = tuple[bool, Any, str] | tuple[bool, Any, str, str]
"""Whether it holds, what was measured, why, and perhaps the slip."""


def fact(words: str | Sequence[str], compute: Callable[[Claim], Answer], evidence: str = "") -> Check:
    """A statement with a criterion that is computed when asked; `words` must stand in the quotation."""

    def check(claim: Claim) -> Finding:
        holds, measured, why, *slip = compute(claim)
        return statement(holds, measured, why, slip=slip[0] if slip else "", evidence=evidence)

    return wording(words, check)


def absent(why: str, measured: Callable[[], Any] | None = None, evidence: str = "") -> Check:
    """What nobody can run again: the reason, and ours where there is something to show."""
    return lambda claim: not_reproducible(why, measured and measured(), evidence)


def numbers(value: Callable[[], Sequence[float]], evidence: str = "", **reading: Any) -> Check:
    """Printed numbers against values that are computed when asked."""
    return lambda claim: figures.judge(claim, value(), evidence=evidence, **reading)


def quoted(id: str) -> list[float]:
    """The numbers that another claim quotes."""
    return [figure.value for figure in figures.read(claims.by_id(id).quoted)]


# --- the fold scores of report 003, figure 14

FOLDS = tuple(f"003-{number}" for number in range(157, 162))
OFFICIAL_FOLD = 12_000
"""Images in each of five stratified folds of the official training split: 1,200 of each class."""


@lru_cache
def fraction(text: str, low: int = 11_950, high: int = 12_050) -> tuple[int, int] | None:
    """The only k/n with n in this range that is printed as `text`; None where there is none, or more than one."""
    decimals = len(text.partition(".")[2])
    value, unit = float(text), 10.0 ** -max(decimals, 8)  # NumPy prints eight digits and drops zeros at the end
    fits = [
        (k, n)
        for n in range(low, high + 1)
        for k in {math.floor(value * n), math.ceil(value * n)}
        if abs(k / n - value) <= unit / 2 * 1.000001
    ]
    return fits[0] if len(fits) == 1 else None


def fold_sizes() -> list[int] | None:
    """Images of the five folds, from the printed scores; None where a score is no such fraction."""
    found = [fraction(claims.by_id(id).quoted.strip()) for id in FOLDS]
    sizes = [pair[1] for pair in found if pair is not None]
    return sizes if len(sizes) == len(found) else None


# --- report 002's four configurations

_CONFIGURATION = re.compile(r"(Leaky ReLU|ReLU|Sigmoid|Tanh) (Xavier|He) (Adam|SGD|Adagrad) ([\d.]+)")


def configurations() -> list[tuple[str, str, str, str]]:
    """Activation, initialiser, optimizer and rate of each, as report 002 lists them."""
    return _CONFIGURATION.findall(claims.by_id("002-024").quoted)


def run_name(activation: str, initialiser: str, optimizer: str, rate: str) -> str:
    """The name that the report's runs carry."""
    return f"mnist_dcn_{activation.replace(' ', '_')}_{initialiser}_{optimizer}_{rate}".lower()


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
    return [number for subject in subjects for number, shown in CAPTIONS[report].items() if shown == subject]
