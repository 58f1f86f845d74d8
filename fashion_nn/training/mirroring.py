"""Whether mirrored images help on the data at hand: for recipes whose `flip` or `average_mirror` is
"auto".

A mirrored shirt is a shirt, but a mirrored 2 is no digit, and some mirrored digits look like
others. Of the known data sets that is a fact in the catalogue. For other images it is measured.
"""

import math
from dataclasses import dataclass

import numpy as np

from fashion_nn import datasets
from fashion_nn.datasets import Images, Split, Splits
from fashion_nn.recipes import Recipe

_ROWS = 5000
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
    """Decide by the data set if it is known or looks like a known one, else by a measurement."""
    name = splits.name
    if name not in datasets.names():
        name = datasets.recognise(splits.train.images).name or ""
    if name:
        known = datasets.DATASETS[name]
        kind = "" if known.mirror_keeps_class else "not "
        return Mirroring(
            known.mirror_keeps_class,
            f"a mirrored image of {known.title} is {kind}one of the same class",
        )
    return measure(splits.train)


def measure(train: Split) -> Mirroring:
    """Compare the nearest neighbour with and without mirrored images among the neighbours.

    At most 5,000 rows of `train` are used, evenly spread. Each is classified by the nearest of all
    others, by squared differences of pixels, and then by the nearest of these and their mirror
    images. Mirroring is used if more rows become right than wrong.
    """
    values = math.prod(train.images.shape[1:])
    rows = min(len(train), _ROWS, max(int(math.sqrt(_WORK / values)), 1))
    chosen = train.take(np.linspace(0, len(train) - 1, rows).astype(np.int64))
    plain, mirrored = _right_of(chosen.images, chosen.labels)
    before = int(plain.sum())
    after = int(mirrored.sum())
    return Mirroring(
        after > before,
        f"of {rows:,} training rows the nearest neighbour is right for {before:,}, with mirrored"
        f" images for {after:,}",
    )


def _right_of(images: Images, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether the nearest other image, and the nearest other image or mirror image, has the label
    of each image: bool (n,) twice.
    """
    n = len(images)
    flat = images.reshape(n, -1).astype(np.float32) / 255
    mirrored = images[:, :, ::-1].reshape(n, -1).astype(np.float32) / 255
    sizes = (flat**2).sum(axis=1)  # also those of the mirror images
    plain = np.zeros(n, bool)
    both = np.zeros(n, bool)
    for start in range(0, n, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, n))
        to_others = _distances(flat[rows], flat, sizes, rows)
        to_mirrored = _distances(flat[rows], mirrored, sizes, rows)
        nearest = labels[to_others.argmin(axis=1)]
        nearer = to_mirrored.min(axis=1) < to_others.min(axis=1)
        plain[rows] = nearest == labels[rows]
        both[rows] = np.where(nearer, labels[to_mirrored.argmin(axis=1)], nearest) == labels[rows]
    return plain, both


def _distances(
    found: np.ndarray, others: np.ndarray, sizes: np.ndarray, own: np.ndarray
) -> np.ndarray:
    """Squared distances, but for a constant a row, float32 (m, n); infinite to the row itself."""
    distances: np.ndarray = sizes - 2 * found @ others.T
    distances[np.arange(len(found)), own] = np.inf
    return distances
