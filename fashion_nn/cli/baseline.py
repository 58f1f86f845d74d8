"""fashion-nn baseline: models without a neural network, as a standard of comparison."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from fashion_nn import console, runs
from fashion_nn.cli.baseline_requests import (
    MOST_COMPONENTS,
    ByComponents,
    Clustered,
    CrossValidated,
    Edges,
    Neighbours,
    Request,
)
from fashion_nn.cli.common import accuracy, load_splits, numbers
from fashion_nn.cli.options import MODELS, examples, group, stem, takes
from fashion_nn.core import writing
from fashion_nn.core.numbers import whole
from fashion_nn.core.text import duration, quoted
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.baselines import Study
    from fashion_nn.baselines.folds import Fold
    from fashion_nn.datasets import Split, Splits

app = group("Train models without a neural network, to compare with.")


@dataclass(frozen=True)
class Results:
    """Where the figures of the baseline `name` go: into its run folder, and into a JSON."""

    name: str
    run: runs.Run
    json: Path | None

    def write(self, results: Mapping[str, Any]) -> None:
        """Write the figures."""
        from fashion_nn import baselines

        writing.write_json(self.run.baseline, results)
        if self.json:
            baselines.add_results(self.json, self.name, results)

    def finish(self, results: Mapping[str, Any]) -> None:
        """Write the figures and the card of a baseline with a model, and print where it is."""
        from fashion_nn import pages

        self.write(results)
        pages.write_card(self.run)
        valid = self.run.read_metrics().of_valid()
        same = results["as_keras"]
        found = accuracy(valid.accuracy, valid.interval, valid.n)
        print(f"{self.run.folder}: validation {found}")
        print(
            f"{self.run.model.name} gives the pipeline's label "
            f"for {same['labels_equal']:,} of {same['images']:,} images"
        )


@app.command(
    "pca-logreg",
    epilog=examples(
        "fashion-nn baseline pca-logreg --dataset digits",
        "fashion-nn baseline pca-logreg --components 10,50 --keep 50",
    ),
)
@takes(ByComponents)
def pca_logreg(request: ByComponents) -> None:
    """Logistic regression on principal components.

    Cross-validation measures accuracy and time for each number of components.
    """
    wanted = _whole_numbers(request.components)
    results = _results(request, "pca-logreg")
    splits = _load(request)
    from fashion_nn import baselines
    from fashion_nn.pages import baseline_figures as pictures

    sizes = baselines.sweep_sizes(wanted, splits.image_shape)
    keep = request.keep
    if keep is not None:
        baselines.sweep_sizes([keep], splits.image_shape)  # Refuses a number that cannot be.
    study = _fit_logistic(splits, sizes, keep, request, results)
    folds = {size: found for size, found in study.inside.items() if size is not None}
    pictures.cost_benefit(
        {size: [fold.accuracy for fold in found] for size, found in folds.items()},
        {size: [fold.fit_seconds for fold in found] for size, found in folds.items()},
        results.run.figure("cost-benefit"),
        title=f"pca-logreg on {splits.name}",
    )


@app.command(
    epilog=examples(
        "fashion-nn baseline logreg --dataset digits",
        "fashion-nn baseline logreg --folds 10 --json baselines.json",
    ),
)
@takes(CrossValidated)
def logreg(request: CrossValidated) -> None:
    """Logistic regression on all pixels, cross-validated."""
    results = _results(request, "logreg")
    splits = _load(request)
    _fit_logistic(splits, (None,), None, request, results)


def _fit_logistic(
    splits: "Splits",
    sizes: tuple[int | None, ...],
    keep: int | None,
    how: CrossValidated,
    results: Results,
) -> "Study":
    """Cross-validate each number of components, and save a model with `keep` or the best."""
    from fashion_nn import baselines

    rows = splits.original_train()
    folds = f"{how.folds} folds of all {len(rows):,} training rows"
    console.note(f"{results.name} on {splits.name}: {folds}")
    with console.work_bar("cross-validation") as progress:
        study = baselines.study(
            rows,
            sizes,
            folds=how.folds,
            as_listed=how.as_listed,
            max_iterations=how.max_iterations,
            jobs=how.jobs,
            progress=progress,
        )
    _print_study(study)
    console.load_tensorflow()
    name = results.name
    size = keep or study.best
    folder = results.run.folder
    most = how.max_iterations
    run, same = baselines.fit_linear(name, size, splits, folder, max_iterations=most)
    valid = run.read_metrics().of_valid().accuracy
    found = study.to_json()
    results.finish(
        baselines.results_of(splits, cross_validation=found, as_keras=asdict(same), valid=valid)
    )
    return study


@app.command(
    "pca-kmeans",
    epilog=examples(
        "fashion-nn baseline pca-kmeans --dataset digits",
        "fashion-nn baseline pca-kmeans --seed 1 --out models/clusters",
    ),
)
@takes(Clustered)
def pca_kmeans(request: Clustered) -> None:
    """K-means on two principal components of the test images.

    This leaves a picture and figures, but no model.
    """
    results = _results(request, "pca-kmeans")
    splits = _load(request)
    rows = _test_rows(splits)
    from fashion_nn import baselines
    from fashion_nn.pages import baseline_figures as pictures

    found = baselines.pca_kmeans(rows, splits.classes, seed=request.seed)
    results.write(baselines.results_of(splits, **found.to_json()))
    picture = results.run.figure("clusters")
    pictures.clusters(
        found.points,
        found.members,
        found.centres,
        rows.labels,
        splits.class_names,
        picture,
        title=f"{splits.name}, {len(rows):,} test images on two principal components",
    )
    print(
        f"purity {found.purity:.4f}, adjusted Rand index {found.adjusted_rand:.4f}, "
        f"{found.explained_variance:.1%} of the variance kept "
        f"(n={len(rows):,}, seed {request.seed})"
    )
    leading = f"{found.classes_that_lead} of {splits.classes} classes lead a cluster"
    print(f"{leading}; picture: {picture}")


@app.command(
    "1-nn",
    epilog=examples(
        "fashion-nn baseline 1-nn --dataset digits",
        "fashion-nn baseline 1-nn --open-test --json baselines.json",
    ),
)
@takes(Neighbours)
def one_nn(request: Neighbours) -> None:
    """The label of the nearest training image.

    This leaves figures only, since the model would be all training images.
    """
    results = _results(request, "1-nn")
    splits = _load(request)
    parts = {"valid": splits.valid}
    if request.open_test:
        parts["test"] = _test_rows(splits)
    from fashion_nn import baselines

    found = {}
    for name, rows in parts.items():
        with console.work_bar(f"1-nn, {name}") as progress:
            one = baselines.nearest_neighbour(splits.train, rows, progress=progress)
        found[name] = asdict(one)
        shown = accuracy(one.accuracy, one.interval, one.n)
        print(f"{name} {shown}, {one.seconds:.0f} s")
    results.write(baselines.results_of(splits, **found))
    size = splits.train.images.nbytes / 1e6
    why = f"a model would hold all training images, {size:,.1f} MB as bytes"
    print(f"{results.run.folder}: figures only: {why}")


@app.command(
    "edges-rbf",
    epilog=examples(
        "fashion-nn baseline edges-rbf --dataset digits --landmarks 500",
        "fashion-nn baseline edges-rbf --seed 1 --out models/edges",
    ),
)
@takes(Edges)
def edges_rbf(request: Edges) -> None:
    """Logistic regression on edges, with a Gaussian kernel.

    The kernel compares edge directions (Nyström approximation). Fitting takes about ten
    minutes on a CPU.
    """
    results = _results(request, "edges-rbf")
    splits = _load(request)
    from fashion_nn import baselines

    settings = baselines.EdgeSettings(seed=request.seed)
    if request.landmarks is not None:
        settings = baselines.EdgeSettings(request.landmarks, seed=request.seed)
    rows = f"{len(splits.train):,} rows to train, {len(splits.valid):,} to validate"
    console.note(f"edges-rbf on {splits.name}: {rows}")
    console.load_tensorflow()
    folder = results.run.folder
    with console.work_bar("edges-rbf") as progress:
        run, found = baselines.fit_edges_rbf(splits, folder, settings, progress=progress)
    valid = run.read_metrics().of_valid().accuracy
    results.finish(baselines.results_of(splits, **asdict(found), valid=valid))


def _results(request: Request, name: str) -> Results:
    """Where the results of the baseline `name` go.

    Raises:
        InputError: the run folder is not free.
    """
    folder = request.out or MODELS / f"{name}-{stem(request.dataset)}"
    runs.require_free(folder, resumable=False)
    return Results(name, runs.Run(folder), request.json)


def _load(request: Request) -> "Splits":
    return load_splits(
        request.dataset,
        data_dir=request.data_dir,
        test=request.test,
        options=request.options(),
    )


def _whole_numbers(text: str | None) -> list[int] | None:
    if text is None:
        return None
    found = numbers("--components", text, whole)
    if not all(0 < number <= MOST_COMPONENTS for number in found):
        expected = f"expected numbers from 1 to {MOST_COMPONENTS:,}, such as 2,5,10"
        raise InputError(f"--components {quoted(text)}: {expected}")
    return list(found)


def _test_rows(splits: "Splits") -> "Split":
    if splits.test is None:
        raise InputError(f"{splits.name}: has no test rows: give a labelled CSV with --test")
    return splits.test


def _print_study(study: "Study") -> None:
    """Print the results of cross-validation, a row for each number of components."""
    listed = bool(study.listing)
    columns = ["components", "variance %", "accuracy % ± sd", "fit s", "score s", "iterations"]
    columns += ["converged"]
    columns += ["components of all rows", "and as listed"] if listed else []
    console.table(columns, [_study_row(study, size) for size in study.inside])
    if listed:
        print("the last two columns are differences of the mean accuracy, in points")
    folds = len(study.inside[study.best])
    took = duration(study.seconds)
    print(f"n={study.rows:,}, {folds} folds, {took}; seconds are means over folds")


def _study_row(study: "Study", size: int | None) -> list[object]:
    folds = study.inside[size]
    accuracies = [fold.accuracy for fold in folds]
    row: list[object] = [
        size or "all pixels",
        f"{100 * study.explained_variance.get(size, 1):.1f}",
        f"{100 * fmean(accuracies):.2f} ± {100 * stdev(accuracies):.2f}",
        f"{fmean(fold.fit_seconds for fold in folds):.2f}",
        f"{fmean(fold.score_seconds for fold in folds):.3f}",
        max(fold.iterations for fold in folds),
        "yes" if all(fold.converged for fold in folds) else "no",
    ]
    if study.listing:
        row += [
            _difference(study.outside.get(size), folds),
            _difference(study.listing[size], folds),
        ]
    return row


def _difference(others: "list[Fold] | None", folds: "list[Fold]") -> str:
    """How much better `folds` are than `others`, on average and in points."""
    if others is None:
        return "-"
    gain = fmean(fold.accuracy for fold in folds) - fmean(fold.accuracy for fold in others)
    return f"{100 * gain:+.3f}"
