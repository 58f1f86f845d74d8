"""Logistic regression on pixels or on their principal components, cross-validated.

Source: report 003, part 2.3. Its listing fits the principal components once, on all rows, and cross-validates only
what follows: each held-out fold has then helped to choose the components. Here they are fitted inside each fold;
the listing's way is measured beside it when asked for.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn.baselines.folds import Fold, Progress, Task, measure, summary
from fashion_nn.datasets import Split
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

SWEEP = (2, 5, 10, 25, 50, 100)
FOLDS = 5
MAX_ITERATIONS = 1000


@dataclass(frozen=True, slots=True)
class Study:
    """What cross-validation found; a key is a number of components, None for all pixels.

    inside: components fitted inside each fold.
    outside: the same with components fitted on all rows first; empty unless asked for.
    listing: as outside, with the solver that the report's `LogisticRegression()` had; empty unless asked for.
    explained_variance: share of the variance of all rows that so many components keep.
    """

    rows: int
    inside: dict[int | None, list[Fold]]
    outside: dict[int | None, list[Fold]]
    listing: dict[int | None, list[Fold]]
    explained_variance: dict[int | None, float]
    seconds: float

    @property
    def best(self) -> int | None:
        """The number of components with the highest mean accuracy inside; of equals the smallest."""
        return max(self.inside, key=lambda size: float(np.mean([fold.accuracy for fold in self.inside[size]])))

    def to_json(self) -> dict[str, Any]:
        points = []
        for size, folds in self.inside.items():
            point = {"components": size, **summary(folds)}
            if size is not None:
                point["explained_variance"] = self.explained_variance[size]
            for name, others in (("pca_on_all_rows", self.outside), ("as_listed", self.listing)):
                if size in others:
                    other = summary(others[size])
                    gain = [b.accuracy - a.accuracy for a, b in zip(folds, others[size], strict=True)]
                    point[name] = other | {"mean_difference": float(np.mean(gain)), "differences": gain}
            points.append(point)
        return {"rows": self.rows, "best_components": self.best, "seconds": round(self.seconds, 1), "points": points}


def table(images: np.ndarray) -> np.ndarray:
    """Of uint8 (n, height, width): float32 (n, height · width), 0..1."""
    return images.reshape(len(images), -1).astype(np.float32) / 255


def pipeline(components: int | None, max_iterations: int = MAX_ITERATIONS) -> "Pipeline":
    """Principal components, none when None, then multinomial logistic regression with the library's penalty, C = 1.

    Both parts are deterministic: the components come from the covariance matrix.
    """
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    steps = [] if components is None else [("pca", PCA(components, svd_solver="covariance_eigh"))]
    return Pipeline([*steps, ("logreg", LogisticRegression(solver="lbfgs", max_iter=max_iterations))])


def listed_regression() -> "Pipeline":
    """What `LogisticRegression()` was in scikit-learn 0.21, current when report 003 was written: one against the rest.

    Liblinear, at most 100 iterations, and the intercept is penalised too.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import Pipeline

    return Pipeline([("logreg", OneVsRestClassifier(LogisticRegression(solver="liblinear", max_iter=100)))])


def sweep_sizes(wanted: Sequence[int] | None, image_shape: tuple[int, int]) -> tuple[int, ...]:
    """`wanted`, ascending; by default those of the report that are no more than the pixels.

    Raises:
        InputError: a number below 1 or above the number of pixels.
    """
    pixels = image_shape[0] * image_shape[1]
    for size in wanted or ():
        if not 1 <= size <= pixels:
            raise InputError(f"{size} components: expected 1 to {pixels}, the pixels of an image")
    return tuple(sorted(set(wanted))) if wanted else tuple(size for size in SWEEP if size <= pixels)


def study(
    rows: Split,
    sizes: Sequence[int | None],
    *,
    folds: int = FOLDS,
    as_listed: bool = False,
    max_iterations: int = MAX_ITERATIONS,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Study:
    """Cross-validate logistic regression on `sizes` principal components (None: on all pixels) of `rows`.

    Args:
        as_listed: measure the report's way too, see `Study`. Without components only the solver differs.

    Raises:
        InputError: fewer rows in a class than folds.
    """
    from sklearn.decomposition import PCA

    start = time.perf_counter()
    pixels = table(rows.images)
    tasks: dict[tuple[str, int | None], Task] = {}
    explained: dict[int | None, float] = {}
    reduced = pixels
    largest = max((size for size in sizes if size is not None), default=None)
    if largest is not None:
        # Fewer components are the first of more: one fit gives all shares, and all tables of the listing.
        pca = PCA(largest, svd_solver="covariance_eigh").fit(pixels)
        ratios = pca.explained_variance_ratio_
        explained = {size: float(ratios[:size].sum()) for size in sizes if size is not None}
        if as_listed:
            reduced = pca.transform(pixels)
    for size in sizes:
        tasks["inside", size] = Task(pipeline(size, max_iterations), pixels)
        if as_listed:
            given = pixels
            if size is not None:
                given = np.ascontiguousarray(reduced[:, :size])
                tasks["outside", size] = Task(pipeline(None, max_iterations), given)
            tasks["listing", size] = Task(listed_regression(), given)
    found = measure(tasks, rows.labels, folds=folds, jobs=jobs, progress=progress)

    def of_kind(wanted: str) -> dict[int | None, list[Fold]]:
        return {size: folds for (kind, size), folds in found.items() if kind == wanted}

    return Study(
        rows=len(rows),
        inside=of_kind("inside"),
        outside=of_kind("outside"),
        listing=of_kind("listing"),
        explained_variance=explained,
        seconds=time.perf_counter() - start,
    )
