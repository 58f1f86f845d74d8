"""Logistic regression on pixels or on their principal components, cross-validated.

Source: report 003, part 2.3. Its listing fits the principal components once, on all rows, and
cross-validates only the regression, so each held-out fold has helped to choose the components. Here
the components are fitted inside each fold. The listing's way is measured too when asked for.
"""

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.baselines.folds import Fold, Progress, Task, measure, summary
from fashion_nn.core.images import values_of
from fashion_nn.core.strict_json import Json, JsonObject
from fashion_nn.datasets import Images, ImageShape, Split
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

SWEEP = (2, 5, 10, 25, 50, 100)
FOLDS = 5
MAX_ITERATIONS = 1000


@dataclass(frozen=True, slots=True)
class Study:
    """The results of cross-validation, by number of components; None stands for all pixels.

    Attributes:
        rows: number of rows.
        inside: components fitted inside each fold.
        outside: components fitted on all rows first; empty unless asked for.
        listing: as `outside`, with the solver that the report's `LogisticRegression()` had; empty
            unless asked for.
        explained_variance: share of the variance of all rows that the components explain.
        seconds: of wall-clock time.
    """

    rows: int
    inside: dict[int | None, list[Fold]]
    outside: dict[int | None, list[Fold]]
    listing: dict[int | None, list[Fold]]
    explained_variance: dict[int | None, float]
    seconds: float

    @property
    def best(self) -> int | None:
        """The number of components with the highest mean accuracy; of equal ones the smallest."""

        def mean_accuracy(size: int | None) -> float:
            return float(np.mean([fold.accuracy for fold in self.inside[size]]))

        return max(self.inside, key=mean_accuracy)

    def to_json(self) -> JsonObject:
        points = []
        for size, folds in self.inside.items():
            point: dict[str, Json] = {"components": size, **summary(folds)}
            if size is not None:
                point["explained_variance"] = self.explained_variance[size]
            if size in self.outside:
                point["pca_on_all_rows"] = _compared(self.outside[size], folds)
            if size in self.listing:
                point["as_listed"] = _compared(self.listing[size], folds)
            points.append(point)
        return {
            "rows": self.rows,
            "best_components": self.best,
            "seconds": round(self.seconds, 1),
            "points": points,
        }


def _compared(folds: list[Fold], others: list[Fold]) -> JsonObject:
    """The summary of `folds`, and how much better they are than `others`, fold by fold."""
    gain = [here.accuracy - other.accuracy for here, other in zip(folds, others, strict=True)]
    return {**summary(folds), "mean_difference": float(np.mean(gain)), "differences": gain}


def table(images: Images) -> np.ndarray:
    """The images as float32 (n, height · width · channels), from 0 to 1."""
    return images.reshape(len(images), -1).astype(np.float32) / 255


def pipeline(components: int | None, max_iterations: int = MAX_ITERATIONS) -> "Pipeline":
    """Principal components, then multinomial logistic regression with the library's penalty, C = 1.

    Both parts are deterministic, since the components come from the covariance matrix.

    Args:
        components: their number; None leaves them out.
        max_iterations: of the solver.
    """
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    regression = ("logreg", LogisticRegression(solver="lbfgs", max_iter=max_iterations))
    if components is None:
        return Pipeline([regression])
    return Pipeline([("pca", PCA(components, svd_solver="covariance_eigh")), regression])


def fit_regression(regression: "LogisticRegression", table: np.ndarray, labels: np.ndarray) -> None:
    """Fit `regression`, and warn in one sentence if its solver stops before it has converged.

    Args:
        regression: not fitted yet.
        table: numbers of the rows, (n, d).
        labels: int64 (n,).
    """
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit(table, labels)
    iterations = int(regression.n_iter_.max())
    if iterations >= regression.max_iter:
        told = f"the solver has not converged after {iterations:,} iterations"
        warnings.warn(f"{told}: allow more of them", ConvergenceWarning, stacklevel=2)


def listed_regression() -> "Pipeline":
    """What `LogisticRegression()` was in scikit-learn 0.21, current when report 003 was written.

    One classifier against the rest, solved by liblinear in at most 100 iterations; the intercept is
    penalised too.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import Pipeline

    regression = LogisticRegression(solver="liblinear", max_iter=100)
    return Pipeline([("logreg", OneVsRestClassifier(regression))])


def sweep_sizes(wanted: Sequence[int] | None, image_shape: ImageShape) -> tuple[int, ...]:
    """Numbers of components, ascending: `wanted`, else those of the report that the images allow.

    Raises:
        InputError: a number below 1 or above the number of values of an image.
    """
    most = values_of(image_shape)
    for size in wanted or ():
        if not 1 <= size <= most:
            raise InputError(f"{size} components: expected 1 to {most}, the pixels of an image")
    if wanted:
        return tuple(sorted(set(wanted)))
    return tuple(size for size in SWEEP if size <= most)


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
    """Cross-validate logistic regression on principal components of `rows`.

    Args:
        sizes: numbers of components; None stands for all pixels.
        folds: number of folds.
        as_listed: measure the report's way too, see `Study`. Without components only the solver
            differs.
        max_iterations: of the solver.
        jobs, progress: see `folds.measure`.

    Raises:
        InputError: a class has fewer rows than there are folds.
    """
    start = time.perf_counter()
    pixels = table(rows.images)
    reduced, explained = _principal_components(pixels, sizes)
    tasks: dict[tuple[str, int | None], Task] = {}
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


def _principal_components(
    pixels: np.ndarray, sizes: Sequence[int | None]
) -> tuple[np.ndarray, dict[int | None, float]]:
    """The largest of the numbers of components of `pixels`, and the variance that each explains.

    The first components are the same however many there are, so one fit serves all sizes.
    """
    from sklearn.decomposition import PCA

    wanted = [size for size in sizes if size is not None]
    if not wanted:
        return pixels, {}
    pca = PCA(max(wanted), svd_solver="covariance_eigh").fit(pixels)
    ratios = pca.explained_variance_ratio_
    return pca.transform(pixels), {size: float(ratios[:size].sum()) for size in wanted}
