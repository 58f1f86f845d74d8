"""Find equal and nearly equal images inside and between training and test rows: all pairs, exactly."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from fashion_nn.datasets.splits import Split, Splits
from fashion_nn.errors import InputError

THRESHOLDS = (0.03, 0.05, 0.06)
NO_TWIN = np.iinfo(np.int64).max
_BLOCK = 2048
_CLOSEST = 10


def check(
    data: Splits | tuple[Split, Split | None],
    thresholds: Sequence[float] = THRESHOLDS,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, dict]:
    """Count equal and nearly equal images, and how often their labels agree.

    Training rows are all original ones, validation included. Distance is the root mean square difference of the
    pixels on a scale of 0 to 1; a twin within t has distance <= t. Of several nearest images at the same distance,
    the one that comes first in the source counts.

    Args:
        data: a loaded data set, or training and test rows as they are.
        progress: called as progress(done, total), in training and test images.
    Returns: a dictionary that can be written as JSON; what concerns test rows is absent when there are none.
        images: {"train": n, "test": n}.
        exact: pairs of equal images, {"train/train", "test/test", "train/test"}; k equal images are k(k-1)/2 pairs.
        exact_same_label: how many of these pairs have one label.
        near: by threshold, {"test_images": test images with a twin among the training images, "same_label": for how
            many of these the nearest training image has the same label}.
        near_train, near_test: by threshold, {"images": images with a twin in their own part, "same_label": as above}.
        closest: the ten nearest pairs of each kind, {"rows": [i, j], "labels": [a, b], "distance": d}, rows counted
            from 0 in the order of the kind's name.
    Raises:
        InputError: no threshold, or one outside 0..1; training and test images of different shapes.
    """
    train, test = (data.original_train(), data.test) if isinstance(data, Splits) else data
    if not thresholds or not all(0 <= threshold <= 1 for threshold in thresholds):
        raise InputError(f"thresholds {list(thresholds)} are out of range: give at least one, each from 0 to 1")
    kinds = {"train/train": ("near_train", train, train)}
    if test is not None:
        if test.images.shape[1:] != train.images.shape[1:]:
            sizes = [rows.images.shape[1:] for rows in (train, test)]
            raise InputError(f"training images are {sizes[0]} and test images {sizes[1]} pixels; they must be alike")
        kinds |= {"test/test": ("near_test", test, test), "train/test": ("near", test, train)}
    limits = {str(float(threshold)): _squared_limit(threshold, train) for threshold in thresholds}
    report: dict[str, dict] = {"images": {"train": len(train)} | ({} if test is None else {"test": len(test)})}
    report["exact"], report["exact_same_label"] = count_equal(train, test)
    closest = {}
    tick = _counter(progress, sum(len(rows) for _, rows, _ in kinds.values()))
    for kind, (key, rows, others) in kinds.items():
        references = None if rows is others else others.images
        index, squared = nearest(rows.images, references, limit=max(limits.values()), tick=tick)
        report[key] = {
            name: _summarise(rows, others, index, squared <= limit, "test_images" if key == "near" else "images")
            for name, limit in limits.items()
        }
        closest[kind] = _closest(rows, others, index, squared)
    return report | {"closest": closest}


def near_train(data: Splits, threshold: float, progress: Callable[[int, int], None] | None = None) -> np.ndarray:
    """Which test images have an equal or near twin among the original training images, bool (n_test,).

    Args:
        data: a loaded data set with test rows.
        threshold: the largest distance of a twin, as in `check`.
        progress: called as progress(done, total), in test images.
    """
    limit, tick = _squared_limit(threshold, data.test), _counter(progress, len(data.test))
    return nearest(data.test.images, data.original_train().images, limit=limit, tick=tick)[0] >= 0


def count_equal(train: Split, test: Split | None) -> tuple[dict[str, int], dict[str, int]]:
    """Pairs of equal images by kind, and how many of these pairs have one label."""
    parts = [train] if test is None else [train, test]
    images = np.concatenate([rows.images.reshape(len(rows), -1) for rows in parts])
    labels = np.concatenate([rows.labels for rows in parts])
    # Each row as one opaque value, so that equal rows get one number.
    opaque = np.ascontiguousarray(images).view(f"V{images.shape[1]}").ravel()
    image_number = np.unique(opaque, return_inverse=True)[1]
    labelled_number = np.unique(np.stack([image_number, labels]), axis=1, return_inverse=True)[1].ravel()
    pairs, same_label = (_count_pairs(numbers, len(train)) for numbers in (image_number, labelled_number))
    return pairs, same_label


def _count_pairs(numbers: np.ndarray, train_rows: int) -> dict[str, int]:
    train, test = (
        np.bincount(part, minlength=numbers.max() + 1) for part in (numbers[:train_rows], numbers[train_rows:])
    )
    pairs = {"train/train": int(np.sum(train * (train - 1) // 2))}
    if len(numbers) > train_rows:
        pairs |= {"test/test": int(np.sum(test * (test - 1) // 2)), "train/test": int(np.sum(train * test))}
    return pairs


class _Sorted:
    """Images as vectors in the order of their pixel sums.

    Pixels are shifted to -128..127: a product of two is then at most 2**14, and a sum of up to 1024 of them at most
    2**24, so that a float32 matrix product of them is exact in whatever order it adds. Larger images take float64.
    """

    def __init__(self, images: np.ndarray) -> None:
        flat = images.reshape(len(images), -1)
        pixels = flat.shape[1]
        sums = flat.sum(axis=1, dtype=np.int64)
        self.order = np.argsort(sums, kind="stable")
        self.sums = sums[self.order]
        self.vectors = flat[self.order].astype(np.float32 if pixels <= 1024 else np.float64)
        self.vectors -= 128
        self.integer = np.int32 if pixels * 255**2 < 2**31 else np.int64
        self.norms = np.einsum("ij,ij->i", self.vectors, self.vectors).astype(self.integer)


def nearest(
    queries: np.ndarray,
    references: np.ndarray | None = None,
    *,
    limit: int,
    tick: Callable[[int], None] = lambda images: None,
) -> tuple[np.ndarray, np.ndarray]:
    """Nearest reference image of each query image, as far as one lies within `limit`.

    Exact and complete: the squared distance |a|^2 + |b|^2 - 2ab is taken in integers from an exact matrix product,
    for blocks of images. Blocks that cannot meet are left out: sorted by pixel sum, two images of p pixels whose
    sums differ by s have a squared distance of at least s^2 / p (Cauchy-Schwarz).

    Args:
        queries: uint8 (n, height, width).
        references: uint8 (m, height, width); None compares the queries with each other, never one with itself.
        limit: largest squared distance, sum over pixels of (a - b)^2 on the scale of 0 to 255.
        tick: called with the number of queries done since the last call.
    Returns: index int64 (n,) into the references, -1 where none is within `limit`, and squared distance int64 (n,),
        there `NO_TWIN`. Of several equally near references, the first.
    """
    asked = _Sorted(queries)
    known = asked if references is None else _Sorted(references)
    index = np.full(len(queries), -1, dtype=np.int64)
    squared = np.full(len(queries), NO_TWIN, dtype=np.int64)
    reach = math.isqrt(limit * asked.vectors.shape[1])

    for start in range(0, len(queries), _BLOCK):
        rows = slice(start, min(start + _BLOCK, len(queries)))
        # Within one set, the blocks before this one have been compared with it already.
        first = start if known is asked else np.searchsorted(known.sums, asked.sums[rows.start] - reach)
        last = np.searchsorted(known.sums, asked.sums[rows.stop - 1] + reach, side="right")
        for column in range(first, last, _BLOCK):
            columns = slice(column, min(column + _BLOCK, last))
            distances = _squared_distances(asked, rows, known, columns)
            if known is asked and column == start:
                np.fill_diagonal(distances, np.iinfo(distances.dtype).max)
            _improve(index, squared, asked.order[rows], distances, known.order[columns], limit)
            if known is asked and column != start:
                _improve(index, squared, known.order[columns], distances.T, asked.order[rows], limit)
        tick(rows.stop - rows.start)
    return index, squared


def _squared_distances(a: _Sorted, rows: slice, b: _Sorted, columns: slice) -> np.ndarray:
    products = a.vectors[rows] @ b.vectors[columns].T
    distances = (products * -2).astype(a.integer)
    distances += a.norms[rows, None]
    distances += b.norms[columns]
    return distances


def _improve(
    index: np.ndarray, squared: np.ndarray, asked: np.ndarray, distances: np.ndarray, known: np.ndarray, limit: int
) -> None:
    """Where a row of `distances` has a value within `limit` that beats the best so far, take it over."""
    low = distances.min(axis=1)
    hits = np.flatnonzero(low <= np.minimum(limit, squared[asked]))
    if len(hits) == 0:
        return
    first = np.where(distances[hits] == low[hits, None], known, NO_TWIN).min(axis=1)
    rows, low = asked[hits], low[hits]
    better = (low < squared[rows]) | (first < index[rows])
    index[rows[better]], squared[rows[better]] = first[better], low[better]


def _squared_limit(threshold: float, rows: Split) -> int:
    """The largest sum of squared pixel differences, on the scale of 0 to 255, within an RMS distance of `threshold`."""
    # By way of the decimal number that was written: 0.06 means 6/100, not the nearest binary fraction.
    return math.floor(Fraction(str(float(threshold))) ** 2 * math.prod(rows.images.shape[1:]) * 255**2)


def _summarise(rows: Split, others: Split, index: np.ndarray, within: np.ndarray, noun: str) -> dict[str, int]:
    agree = rows.labels[within] == others.labels[index[within]]
    return {noun: int(within.sum()), "same_label": int(agree.sum())}


def _closest(rows: Split, others: Split, index: np.ndarray, squared: np.ndarray) -> list[dict[str, object]]:
    found: dict[tuple[int, int], dict[str, object]] = {}
    scale = 255 * math.sqrt(math.prod(rows.images.shape[1:]))
    # Within one part a pair may be found from both ends, hence twice as many are looked at.
    for row in np.argsort(squared, kind="stable")[: 2 * _CLOSEST].tolist():
        if squared[row] == NO_TWIN:
            break
        other = int(index[row])
        pair = (min(row, other), max(row, other)) if rows is others else (other, row)
        labels = [int(others.labels[pair[0]]), int(rows.labels[pair[1]])]
        distance = round(math.sqrt(squared[row]) / scale, 6)
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
