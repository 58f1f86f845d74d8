"""What is wrong with a hand-in, in plain words for whoever made it."""

import re
from collections.abc import Sequence

import numpy as np

from fashion_nn import datasets
from fashion_nn.grading.reference import Reference
from fashion_nn.grading.report import HandIn

_OUTPUTS = re.compile(r"tells (\d+) classes apart, expected (\d+)")
_FAR = 2.0
"""A class is named by this factor too often or too seldom before it is said."""
_CLEARLY = 4.0
"""And by as many standard deviations of chance."""
_MUCH_BETTER = 0.2
"""The accuracy that another order of the rows must add before it is said."""
_SHOWN = 3


def class_names(reference: Reference, classes: int) -> list[str]:
    """The names of the classes; "class 0" and so on where they are not known."""
    origin = reference.origin
    known: Sequence[str] = ()
    if origin.splits is not None:
        known = origin.splits.class_names or ()
    elif origin.name is not None and origin.name in datasets.DATASETS:
        known = datasets.DATASETS[origin.name].class_names
    if len(known) == classes and not all(name.isdecimal() for name in known):
        return list(known)
    return [f"class {label}" for label in range(classes)]


def causes(hand_in: HandIn, reference: Reference, public: np.ndarray | None = None) -> list[str]:
    """Sentences about what is wrong, the gravest first; none if all looks well.

    Args:
        public: the rows whose true labels may show in the sentences, bool (n,); None for all.
    """
    if hand_in.report is None:
        return [_of_error(hand_in)]
    said = [
        f"{check.name}: {check.value}" if check.name != "file" else check.value
        for check in hand_in.report.with_verdict("FAIL")
        if check.name in ("file", "canary", "feeding", "balance")
    ]
    labels = hand_in.labels
    if labels is not None and len(labels):
        truth = reference.truth
        rows = np.ones(len(labels), bool) if public is None else public
        order = _of_order(labels, truth, rows) if truth is not None else []
        said += order or _of_classes(labels, reference, rows)
    others = [check for check in hand_in.report.with_verdict("FAIL") if check.name == "sentinel"]
    if others and not said:
        said.append(
            "many labels do not fit their images: the rows may be in another order, or the pixels"
            " on another scale than in the training"
        )
    return said


def _of_error(hand_in: HandIn) -> str:
    found = _OUTPUTS.search(hand_in.error)
    if found:
        outputs, classes = found.groups()
        return f"{outputs} outputs for {classes} classes: the last layer needs one for each class"
    return hand_in.error


def _of_order(labels: np.ndarray, truth: np.ndarray, rows: np.ndarray) -> list[str]:
    """Whether another order, or another first label, would make many more labels of the rows
    right.
    """
    right = float((labels == truth)[rows].mean())
    ways = {
        "the labels count from 1 instead of 0": labels - 1,
        "each row has the label of the row before": np.roll(labels, -1),
        "each row has the label of the row after": np.roll(labels, 1),
        "the rows are in reverse order": labels[::-1],
    }
    shares = {said: float((other == truth)[rows].mean()) for said, other in ways.items()}
    best = max(shares, key=shares.__getitem__)
    if shares[best] < right + _MUCH_BETTER:
        return []
    return [f"{best}: {shares[best]:.1%} would be right otherwise, {right:.1%} are"]


def _of_classes(labels: np.ndarray, reference: Reference, rows: np.ndarray) -> list[str]:
    """Classes that are named far too often or too seldom in the rows."""
    expected = _expected(reference, rows)
    if expected is None:
        return []
    inside = labels[(labels >= 0) & (labels < len(expected)) & rows]
    counts = np.bincount(inside, minlength=len(expected))
    names = class_names(reference, len(expected))
    far = []
    for label, (count, wanted) in enumerate(zip(counts, expected, strict=True)):
        distance = abs(count - wanted) / max(1.0, wanted) ** 0.5
        if distance >= _CLEARLY and (count * _FAR < wanted or count > _FAR * wanted):
            where = "weak on" if count < wanted else "too fond of"
            far.append(
                (
                    -distance,
                    f"named {names[label]} {count:,} times, about {wanted:,.0f} expected: {where}"
                    f" {names[label]}, or rows mixed up",
                )
            )
    return [said for _, said in sorted(far)[:_SHOWN]]


def _expected(reference: Reference, rows: np.ndarray) -> np.ndarray | None:
    """How often each class occurs in the rows, float64 (classes,), as far as that is known."""
    if reference.truth is not None:
        classes = reference.origin.classes or int(reference.truth.max()) + 1
        return np.bincount(reference.truth[rows], minlength=classes).astype(float)
    if reference.probabilities is not None:
        return reference.probabilities[rows].sum(axis=0, dtype=np.float64)
    return None
