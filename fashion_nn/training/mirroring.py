"""Whether mirrored images help on the data at hand: for recipes whose `flip` or `average_mirror` is
"auto".

A mirrored shirt is a shirt, but a mirrored 2 is no digit, and some mirrored digits look like
others. Of the data sets that are known by name that is a fact in the catalogue. For other images it
is measured on validation rows.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fashion_nn import datasets
from fashion_nn.datasets import Split, Splits
from fashion_nn.recipes import Recipe

_NEIGHBOURS = 5000
_ASKED = 2000
_ENOUGH = 500
_DEVIATIONS = 2
_WORK = 2e10  # multiplications for one of the two comparisons: about a second
_BLOCK = 500


@dataclass(frozen=True, slots=True)
class Mirroring:
    """The decision. `why`: what it rests on, in words."""

    used: bool
    why: str


def resolved(recipe: Recipe, splits: Splits) -> tuple[Recipe, Mirroring | None]:
    """`recipe` with true or false where it says "auto", and the decision; None if it never does."""
    auto = [recipe.augment.flip, recipe.average_mirror].count("auto")
    if not auto:
        return recipe, None
    decision = decide(splits)
    return with_mirroring(recipe, flip=decision.used, average_mirror=decision.used), decision


def with_mirroring(recipe: Recipe, *, flip: bool, average_mirror: bool) -> Recipe:
    """`recipe` with these values in place of "auto"."""
    augment = recipe.augment
    if augment.flip == "auto":
        augment = augment.model_copy(update={"flip": flip})
    changes: dict[str, object] = {"augment": augment}
    if recipe.average_mirror == "auto":
        changes["average_mirror"] = average_mirror
    return recipe.model_copy(update=changes)


def decide(splits: Splits) -> Mirroring:
    """Decide by the data set if it is known by name, else by a measurement."""
    if splits.name in datasets.names():
        known = datasets.DATASETS[splits.name]
        kind = "" if known.mirror_keeps_class else "not "
        return Mirroring(
            known.mirror_keeps_class,
            f"a mirrored image of {known.title} is {kind}one of the same class",
        )
    return measure(splits.train, splits.valid)


def measure(train: Split, valid: Split | None = None) -> Mirroring:
    """Find out by nearest neighbours whether a mirrored image keeps its class.

    At most 2,000 rows of `valid`, or of `train` if `valid` has fewer than 500, get the class of the
    nearest of at most 5,000 other training rows, by squared differences of pixels: once as they
    are, once mirrored, and once with the nearer of both. Mirrored images are used if at least half
    as many rows are right when they are mirrored, and if the nearer of both is not less often right
    by more than chance.

    Half lies between what was measured: 0.42 of the right rows stay right for MNIST, 0.35 for the
    handwritten digits of scikit-learn, 0.3 to 0.4 for printed letters and digits, 0.67 for
    Fashion-MNIST, whose shoes all point to the left.
    """
    values = math.prod(train.images.shape[1:])
    limit = max(int(math.sqrt(_WORK / values)), 1)
    rows = _evenly(train, min(_NEIGHBOURS, limit))
    held_out = valid if valid is not None and len(valid) >= _ENOUGH else None
    own = held_out is None
    asked = _evenly(held_out or rows, min(_ASKED, limit))
    found = _right_of(asked, rows, own=own)
    plain = int(found.plain.sum())
    mirrored = int(found.mirrored.sum())
    won = int((found.nearer & ~found.plain).sum())
    lost = int((found.plain & ~found.nearer).sum())
    harmless = lost - won <= _DEVIATIONS * math.sqrt(lost + won)
    kind = "training" if own else "validation"
    return Mirroring(
        2 * mirrored >= plain and harmless,
        f"of {len(asked):,} {kind} rows the nearest neighbour is right for {plain:,}, for"
        f" {mirrored:,} if they are mirrored, and for {plain + won - lost:,} with mirrored"
        " neighbours too",
    )


def _evenly(rows: Split, most: int) -> Split:
    """At most so many of `rows`, evenly spread."""
    return rows.take(np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.int64))


class _Right(NamedTuple):
    """Whether each row gets its class from its nearest neighbour: bool (n,).

    plain: as it is.
    mirrored: mirrored.
    nearer: as it is or mirrored, whichever has the nearer neighbour.
    """

    plain: np.ndarray
    mirrored: np.ndarray
    nearer: np.ndarray


def _right_of(asked: Split, rows: Split, *, own: bool) -> _Right:
    """Ask for the nearest of `rows`; `own`: each of `asked` is among them, and does not count."""
    flat = rows.images.reshape(len(rows), -1).astype(np.float32) / 255
    mirrored = rows.images[:, :, ::-1].reshape(len(rows), -1).astype(np.float32) / 255
    sizes = (flat**2).sum(axis=1)  # also those of the mirror images
    places = np.linspace(0, len(rows) - 1, len(asked)).astype(np.int64) if own else None
    parts = []
    for start in range(0, len(asked), _BLOCK):
        block = slice(start, start + _BLOCK)
        images = asked.images[block]
        values = images.reshape(len(images), -1).astype(np.float32) / 255
        not_counted = None if places is None else places[block]
        to_others = _distances(values, flat, sizes, not_counted)
        to_mirrored = _distances(values, mirrored, sizes, not_counted)
        labels = asked.labels[block]
        plain = rows.labels[to_others.argmin(axis=1)] == labels
        turned = rows.labels[to_mirrored.argmin(axis=1)] == labels
        is_nearer = to_mirrored.min(axis=1) < to_others.min(axis=1)
        parts.append((plain, turned, np.where(is_nearer, turned, plain)))
    return _Right(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _distances(
    found: np.ndarray, others: np.ndarray, sizes: np.ndarray, own: np.ndarray | None
) -> np.ndarray:
    """Squared distances, but for a constant a row, float32 (m, n); infinite to `own`."""
    distances: np.ndarray = sizes - 2 * found @ others.T
    if own is not None:
        distances[np.arange(len(found)), own] = np.inf
    return distances
