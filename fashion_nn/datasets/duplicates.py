"""Find equal and nearly equal images inside and between training and test rows: all pairs, exactly.

Two images are near duplicates within t if the root mean square difference of their values, on a
scale of 0 to 1, is at most t; a pixel in colour has three values.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fashion_nn.core.images import Images, described, shape_of
from fashion_nn.datasets.splits import Split, Splits
from fashion_nn.errors import InputError

THRESHOLDS = (0.03, 0.05, 0.06)
NONE_NEAR = np.iinfo(np.int64).max
_BLOCK = 2048
_CLOSEST = 10


@dataclass(frozen=True)
class _Comparison:
    """Rows that are compared with others, and the keys under which the result is reported."""

    kind: str
    key: str
    noun: str
    rows: Split
    others: Split


class Nearest(NamedTuple):
    """The nearest reference image of each query image.

    Attributes:
        position: int64 (n,), position among the references; -1 where none is within the limit.
        squared: int64 (n,), squared distance; `NONE_NEAR` where none is within the limit.
    """

    position: np.ndarray
    squared: np.ndarray


def check(
    data: Splits | tuple[Split, Split | None],
    thresholds: Sequence[float] = THRESHOLDS,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, dict[str, Any]]:
    """Count equal images and near duplicates, and how often their labels agree.

    The training rows are all original ones, validation included. If several nearest images have the
    same distance, the first in the source counts.

    Args:
        data: a loaded data set, or its training and test rows.
        thresholds: largest distances of near duplicates, each from 0 to 1.
        progress: called as progress(done, total), in training and test images.

    Returns:
        A dictionary that can be written as JSON. Without test rows it lacks what concerns them.

        images            {"train": n, "test": n}
        exact             number of pairs of equal images by kind, "train/train", "test/test",
                          "train/test"; k equal images are k(k-1)/2 pairs
        exact_same_label  number of these pairs that have one label
        near              by threshold, {"test_images": number of test images with a near duplicate
                          among the training images, "same_label": for how many of these the nearest
                          training image has the same label}
        near_train,       by threshold, {"images": number of images with a near duplicate in their
        near_test         own part, "same_label": as above}
        closest           the ten nearest pairs of each kind, {"rows": [i, j], "labels": [a, b],
                          "distance": d}; rows are counted from 0 in the order of the kind's name

    Raises:
        InputError: there is no threshold, one is out of range, or training and test images differ
            in shape.
    """
    train, test = (data.original_train(), data.test) if isinstance(data, Splits) else data
    _require_thresholds(thresholds)
    comparisons = _comparisons(train, test)
    limits = {str(float(threshold)): _squared_limit(threshold, train) for threshold in thresholds}
    report: dict[str, dict[str, Any]] = {"images": {"train": len(train)}}
    if test is not None:
        report["images"]["test"] = len(test)
    report["exact"], report["exact_same_label"] = count_equal(train, test)
    closest = {}
    tick = _counter(progress, sum(len(each.rows) for each in comparisons))
    for each in comparisons:
        references = None if each.rows is each.others else each.others.images
        found = nearest(each.rows.images, references, limit=max(limits.values()), tick=tick)
        report[each.key] = {
            name: _summarise(each, found.position, found.squared <= limit)
            for name, limit in limits.items()
        }
        closest[each.kind] = _closest(each, found)
    return report | {"closest": closest}


def near_train(
    data: Splits, threshold: float, progress: Callable[[int, int], None] | None = None
) -> np.ndarray:
    """Which test images have an equal image or a near duplicate among the original training images.

    Args:
        data: a loaded data set with test rows.
        threshold: the largest distance of a near duplicate.
        progress: called as progress(done, total), in test images.

    Returns:
        bool (n_test,).

    Raises:
        InputError: the data set has no test rows.
    """
    if data.test is None:
        raise InputError(f"{data.name} has no test rows to compare with the training rows")
    limit = _squared_limit(threshold, data.test)
    tick = _counter(progress, len(data.test))
    references = data.original_train().images
    return nearest(data.test.images, references, limit=limit, tick=tick).position >= 0


def _require_thresholds(thresholds: Sequence[float]) -> None:
    if not thresholds or not all(0 <= threshold <= 1 for threshold in thresholds):
        raise InputError(
            f"thresholds {list(thresholds)} are out of range: give at least one, each from 0 to 1"
        )


def _comparisons(train: Split, test: Split | None) -> list[_Comparison]:
    within_train = _Comparison("train/train", "near_train", "images", train, train)
    if test is None:
        return [within_train]
    if shape_of(test.images) != shape_of(train.images):
        sizes = [described(shape_of(rows.images)) for rows in (train, test)]
        raise InputError(
            f"training images are {sizes[0]} and test images {sizes[1]}; they must be alike"
        )
    return [
        within_train,
        _Comparison("test/test", "near_test", "images", test, test),
        _Comparison("train/test", "near", "test_images", test, train),
    ]


def count_equal(train: Split, test: Split | None) -> tuple[dict[str, int], dict[str, int]]:
    """Number of pairs of equal images by kind, and of those of these pairs that have one label."""
    parts = [train] if test is None else [train, test]
    images = np.concatenate([rows.images.reshape(len(rows), -1) for rows in parts])
    labels = np.concatenate([rows.labels for rows in parts])
    # Each row is viewed as one opaque value, so that equal rows get one number.
    opaque = np.ascontiguousarray(images).view(f"V{images.shape[1]}").ravel()
    image_number = np.unique(opaque, return_inverse=True)[1]
    labelled_number = np.unique(np.stack([image_number, labels]), axis=1, return_inverse=True)[
        1
    ].ravel()
    pairs = _count_pairs(image_number, len(train))
    same_label = _count_pairs(labelled_number, len(train))
    return pairs, same_label


def _count_pairs(numbers: np.ndarray, train_rows: int) -> dict[str, int]:
    size = numbers.max() + 1
    train = np.bincount(numbers[:train_rows], minlength=size)
    test = np.bincount(numbers[train_rows:], minlength=size)
    pairs = {"train/train": int(np.sum(train * (train - 1) // 2))}
    if len(numbers) > train_rows:
        pairs["test/test"] = int(np.sum(test * (test - 1) // 2))
        pairs["train/test"] = int(np.sum(train * test))
    return pairs


class _Sorted:
    """Images as vectors in the order of their pixel sums.

    Pixels are shifted to -128..127. A product of two is then at most 2**14, and a sum of up to 1024
    of them at most 2**24, so a float32 matrix product of them is exact in any order of addition.
    Larger images take float64.
    """

    vectors: NDArray[Any]
    norms: NDArray[Any]

    def __init__(self, images: Images) -> None:
        flat = images.reshape(len(images), -1)
        pixels = flat.shape[1]
        sums = flat.sum(axis=1, dtype=np.int64)
        self.order = np.argsort(sums, kind="stable")
        self.sums = sums[self.order]
        self.vectors = flat[self.order].astype(np.float32 if pixels <= 1024 else np.float64)
        self.vectors -= 128
        self.integer: type[np.signedinteger[Any]] = (
            np.int32 if pixels * 255**2 < 2**31 else np.int64
        )
        self.norms = np.einsum("ij,ij->i", self.vectors, self.vectors).astype(self.integer)


def nearest(
    queries: Images,
    references: Images | None = None,
    *,
    limit: int,
    tick: Callable[[int], None] = lambda images: None,
) -> Nearest:
    """The nearest reference image within `limit` of each query image; the first of equally near
    ones.

    The search is exact and complete. The squared distance |a|^2 + |b|^2 - 2ab is computed in
    integers from an exact matrix product, for blocks of images. Blocks without any pair within the
    limit are skipped: the images are sorted by pixel sum, and two images of p pixels whose sums
    differ by s have a squared distance of at least s^2 / p (Cauchy-Schwarz).

    Args:
        queries: n images.
        references: m images; None compares the queries with each other, never one with itself.
        limit: largest squared distance, sum over pixels of (a - b)^2 on the scale of 0 to 255.
        tick: called with the number of queries done since the last call.
    """
    asked = _Sorted(queries)
    known = asked if references is None else _Sorted(references)
    index = np.full(len(queries), -1, dtype=np.int64)
    squared = np.full(len(queries), NONE_NEAR, dtype=np.int64)
    reach = math.isqrt(limit * asked.vectors.shape[1])
    for rows in _blocks(0, len(queries)):
        for columns in _within_reach(asked, rows, known, reach):
            distances = _squared_distances(asked, rows, known, columns)
            if known is asked and columns.start == rows.start:
                np.fill_diagonal(distances, np.iinfo(distances.dtype).max)
            _improve(index, squared, asked.order[rows], distances, known.order[columns], limit)
            if known is asked and columns.start != rows.start:
                _improve(
                    index, squared, known.order[columns], distances.T, asked.order[rows], limit
                )
        tick(rows.stop - rows.start)
    return Nearest(index, squared)


def _blocks(first: int, last: int) -> Iterator[slice]:
    for start in range(first, last, _BLOCK):
        yield slice(start, min(start + _BLOCK, last))


def _within_reach(asked: _Sorted, rows: slice, known: _Sorted, reach: int) -> Iterator[slice]:
    """The blocks of `known` whose pixel sums are within `reach` of those of `rows` in `asked`."""
    # Within one set, the blocks before this one have been compared with it already.
    first = rows.start
    if known is not asked:
        first = int(np.searchsorted(known.sums, asked.sums[rows.start] - reach))
    last = int(np.searchsorted(known.sums, asked.sums[rows.stop - 1] + reach, side="right"))
    return _blocks(first, last)


def _squared_distances(a: _Sorted, rows: slice, b: _Sorted, columns: slice) -> NDArray[Any]:
    products = a.vectors[rows] @ b.vectors[columns].T
    distances: NDArray[Any] = (products * -2).astype(a.integer)
    distances += a.norms[rows, None]
    distances += b.norms[columns]
    return distances


def _improve(
    index: np.ndarray,
    squared: np.ndarray,
    asked: np.ndarray,
    distances: np.ndarray,
    known: np.ndarray,
    limit: int,
) -> None:
    """Update the best so far where a row of `distances` has a smaller value within `limit`."""
    low = distances.min(axis=1)
    hits = np.flatnonzero(low <= np.minimum(limit, squared[asked]))
    if len(hits) == 0:
        return
    first = np.where(distances[hits] == low[hits, None], known, NONE_NEAR).min(axis=1)
    rows = asked[hits]
    low = low[hits]
    better = (low < squared[rows]) | (first < index[rows])
    index[rows[better]] = first[better]
    squared[rows[better]] = low[better]


def _squared_limit(threshold: float, rows: Split) -> int:
    """The largest sum of squared pixel differences, from 0 to 255 each, within `threshold`."""
    # Computed from the decimal number as written: 0.06 means 6/100, not the nearest binary
    # fraction.
    exact = Fraction(str(float(threshold)))
    return math.floor(exact**2 * math.prod(rows.images.shape[1:]) * 255**2)


def _summarise(each: _Comparison, index: np.ndarray, within: np.ndarray) -> dict[str, int]:
    agree = each.rows.labels[within] == each.others.labels[index[within]]
    return {each.noun: int(within.sum()), "same_label": int(agree.sum())}


def _closest(each: _Comparison, nearest: Nearest) -> list[dict[str, object]]:
    rows = each.rows
    others = each.others
    found: dict[tuple[int, int], dict[str, object]] = {}
    scale = 255 * math.sqrt(math.prod(rows.images.shape[1:]))
    # Within one part a pair may be found from both ends, so twice as many are examined.
    for row in np.argsort(nearest.squared, kind="stable")[: 2 * _CLOSEST].tolist():
        if nearest.squared[row] == NONE_NEAR:
            break
        other = int(nearest.position[row])
        pair = (min(row, other), max(row, other)) if rows is others else (other, row)
        labels = [int(others.labels[pair[0]]), int(rows.labels[pair[1]])]
        distance = round(math.sqrt(nearest.squared[row]) / scale, 6)
        found.setdefault(pair, {"rows": list(pair), "labels": labels, "distance": distance})
    return list(found.values())[:_CLOSEST]


def _counter(progress: Callable[[int, int], None] | None, total: int) -> Callable[[int], None]:
    done = 0

    def tick(images: int) -> None:
        nonlocal done
        done += images
        if progress:
            progress(done, total)

    return tick
