"""How often each class is given, and what is odd about it without knowing the right labels."""

import numpy as np

ENOUGH = 50
"""Number of labels from which on it says something that all are the same."""

_NEARLY_ALL = 0.9
_MOST_OF_MANY = 0.5  # where there are at least ten classes
# With classes equally frequent, a class is missing by chance in one table of a million.
_ALPHA = 1e-6


def single_label(labels: np.ndarray) -> int | None:
    """The label that all of at least 50 `labels`, int64 (n,), have; None if they have several.

    >>> single_label(np.full(50, 8)), single_label(np.full(49, 8))
    (8, None)
    """
    if len(labels) < ENOUGH or (labels != labels[0]).any():
        return None
    return int(labels[0])


def oddities(labels: np.ndarray, classes: int) -> list[str]:
    """What is odd about `labels`, int64 (n,), of `classes` classes: a sentence each, for people.

    All labels are the same, or nearly all; of at least ten classes one has more than half of the
    labels; or a class is missing that chance would not leave out if all classes were equally
    frequent. Fewer than 50 labels are never odd.

    >>> oddities(np.array([3] * 95 + [1] * 5), 10)
    ['class 3 is given to 95 of 100 rows']
    """
    n = len(labels)
    if n < ENOUGH:
        return []
    counts = np.bincount(labels[(labels >= 0) & (labels < classes)], minlength=classes)
    largest = int(counts.argmax())
    if counts[largest] == n:
        return [f"all {n:,} rows get class {largest}"]
    if counts[largest] > n * (_MOST_OF_MANY if classes >= 10 else _NEARLY_ALL):
        return [f"class {largest} is given to {counts[largest]:,} of {n:,} rows"]
    missing = np.flatnonzero(counts == 0)
    if not len(missing) or classes * (1 - 1 / classes) ** n > _ALPHA:
        return []
    names = ", ".join(map(str, missing[:10]))
    more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
    return [f"none of {n:,} rows gets class {names}{more}"]
