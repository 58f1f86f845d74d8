"""fashion-nn baseline: models without a neural network, as a standard of comparison."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fashion_nn import console, runs
from fashion_nn.cli.common import accuracy, load_splits, numbers
from fashion_nn.cli.options import (
    MODELS,
    DataDir,
    Dataset,
    TestCsv,
    examples,
    group,
    output_file,
    output_folder,
    stem,
)
from fashion_nn.core import writing
from fashion_nn.core.numbers import whole
from fashion_nn.core.text import duration, quoted
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.baselines import Study
    from fashion_nn.datasets import Split, Splits

app = group("Train models without a neural network, to compare with.")

_MOST_COMPONENTS = 100_000

Out = Annotated[
    Path | None,
    output_folder("--out", "Run folder [default: models/NAME-DATASET]."),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", min=1, max=1024, help="Number of processes [default: one for each core]."
    ),
]
Folds = Annotated[
    int, typer.Option("--folds", min=2, max=1000, help="Number of cross-validation folds.")
]
AsListed = Annotated[
    bool,
    typer.Option(
        "--as-listed",
        help="Also repeat the procedure of report 003 (slow): components fitted on "
        "all rows, solver liblinear.",
    ),
]
Iterations = Annotated[
    int,
    typer.Option(
        "--max-iterations", min=1, max=1_000_000, help="Maximum number of iterations of the solver."
    ),
]
Json = Annotated[
    Path | None,
    output_file("--json", "JSON that the figures are added to, beside other baselines."),
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seed of the random numbers.")
]
Components = Annotated[
    str | None,
    typer.Option("--components", help="Numbers of components [default: 2,5,10,25,50,100]."),
]
Keep = Annotated[
    int | None,
    typer.Option(
        "--keep",
        min=1,
        max=_MOST_COMPONENTS,
        help="Number of components of the saved model [default: the most accurate].",
    ),
]
OpenTest = Annotated[bool, typer.Option("--open-test", help="Measure on the test rows too.")]
Landmarks = Annotated[
    int | None,
    typer.Option(
        "--landmarks",
        min=2,
        max=100_000,
        help="Number of training images that the kernel compares with.",
    ),
]


@dataclass(frozen=True)
class CrossValidation:
    """How logistic regression is cross-validated; see the options of the same names."""

    folds: int
    as_listed: bool
    max_iterations: int
    jobs: int | None


@dataclass(frozen=True)
class Results:
    """Where the figures of the baseline `name` go: into its run folder, and into a JSON."""

    name: str
    run: runs.Run
    json: Path | None

    def write(self, results: dict[str, Any]) -> None:
        """Write the figures."""
        from fashion_nn import baselines

        writing.write_json(self.run.baseline, results)
        if self.json:
            baselines.add_results(self.json, self.name, results)

    def finish(self, results: dict[str, Any]) -> None:
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
def pca_logreg(
    dataset: Dataset = "fashion_mnist",
    components: Components = None,
    keep: Keep = None,
    folds: Folds = 5,
    as_listed: AsListed = False,
    max_iterations: Iterations = 1000,
    jobs: Jobs = None,
    out: Out = None,
    json: Json = None,
    data_dir: DataDir = None,
    test: TestCsv = None,
) -> None:
    """Logistic regression on principal components.

    Cross-validation measures accuracy and time for each number of components.
    """
    wanted = _whole_numbers(components)
    results = _results("pca-logreg", dataset, out, json)
    splits = load_splits(dataset, data_dir=data_dir, test=test)
    from fashion_nn import baselines
    from fashion_nn.pages import baseline_figures as pictures

    sizes = baselines.sweep_sizes(wanted, splits.image_shape)
    if keep is not None:
        baselines.sweep_sizes([keep], splits.image_shape)  # Refuses a number that cannot be.
    how = CrossValidation(folds, as_listed, max_iterations, jobs)
    study = _fit_logistic(splits, sizes, keep, how, results)
    points = study.to_json()["points"]
    title = f"pca-logreg on {splits.name}"
    pictures.cost_benefit(points, results.run.figure("cost-benefit"), title=title)


@app.command(
    epilog=examples(
        "fashion-nn baseline logreg --dataset digits",
        "fashion-nn baseline logreg --folds 10 --json baselines.json",
    ),
)
def logreg(
    dataset: Dataset = "fashion_mnist",
    folds: Folds = 5,
    as_listed: AsListed = False,
    max_iterations: Iterations = 1000,
    jobs: Jobs = None,
    out: Out = None,
    json: Json = None,
    data_dir: DataDir = None,
    test: TestCsv = None,
) -> None:
    """Logistic regression on all pixels, cross-validated."""
    results = _results("logreg", dataset, out, json)
    splits = load_splits(dataset, data_dir=data_dir, test=test)
    how = CrossValidation(folds, as_listed, max_iterations, jobs)
    _fit_logistic(splits, (None,), None, how, results)


def _fit_logistic(
    splits: "Splits",
    sizes: tuple[int | None, ...],
    keep: int | None,
    how: CrossValidation,
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
    results.finish(baselines.results_of(splits, cross_validation=found, as_keras=same, valid=valid))
    return study


@app.command(
    "pca-kmeans",
    epilog=examples(
        "fashion-nn baseline pca-kmeans --dataset digits",
        "fashion-nn baseline pca-kmeans --seed 1 --out models/clusters",
    ),
)
def pca_kmeans(
    dataset: Dataset = "fashion_mnist",
    seed: Seed = 0,
    out: Out = None,
    json: Json = None,
    data_dir: DataDir = None,
    test: TestCsv = None,
) -> None:
    """K-means on two principal components of the test images.

    This leaves a picture and figures, but no model.
    """
    results = _results("pca-kmeans", dataset, out, json)
    splits = load_splits(dataset, data_dir=data_dir, test=test)
    rows = _test_rows(splits)
    from fashion_nn import baselines
    from fashion_nn.pages import baseline_figures as pictures

    found = baselines.pca_kmeans(rows, splits.classes, seed=seed)
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
        f"{found.explained_variance:.1%} of the variance kept (n={len(rows):,}, seed {seed})"
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
def one_nn(
    dataset: Dataset = "fashion_mnist",
    open_test: OpenTest = False,
    out: Out = None,
    json: Json = None,
    data_dir: DataDir = None,
    test: TestCsv = None,
) -> None:
    """The label of the nearest training image.

    This leaves figures only, since the model would be all training images.
    """
    results = _results("1-nn", dataset, out, json)
    splits = load_splits(dataset, data_dir=data_dir, test=test)
    parts = {"valid": splits.valid}
    if open_test:
        parts["test"] = _test_rows(splits)
    from fashion_nn import baselines

    found = {}
    for name, rows in parts.items():
        with console.work_bar(f"1-nn, {name}") as progress:
            one = baselines.nearest_neighbour(splits.train, rows, progress=progress)
        found[name] = one
        shown = accuracy(one["accuracy"], one["interval"], one["n"])
        print(f"{name} {shown}, {one['seconds']:.0f} s")
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
def edges_rbf(
    dataset: Dataset = "fashion_mnist",
    landmarks: Landmarks = None,
    seed: Seed = 0,
    out: Out = None,
    json: Json = None,
    data_dir: DataDir = None,
    test: TestCsv = None,
) -> None:
    """Logistic regression on edges, with a Gaussian kernel.

    The kernel compares edge directions (Nyström approximation). Fitting takes about ten
    minutes on a CPU.
    """
    results = _results("edges-rbf", dataset, out, json)
    splits = load_splits(dataset, data_dir=data_dir, test=test)
    from fashion_nn import baselines

    settings = baselines.EdgeSettings(seed=seed)
    if landmarks is not None:
        settings = baselines.EdgeSettings(landmarks, seed=seed)
    rows = f"{len(splits.train):,} rows to train, {len(splits.valid):,} to validate"
    console.note(f"edges-rbf on {splits.name}: {rows}")
    console.load_tensorflow()
    folder = results.run.folder
    with console.work_bar("edges-rbf") as progress:
        run, found = baselines.fit_edges_rbf(splits, folder, settings, progress=progress)
    valid = run.read_metrics().of_valid().accuracy
    results.finish(baselines.results_of(splits, **found, valid=valid))


def _results(name: str, dataset: str, out: Path | None, json: Path | None) -> Results:
    """Where the results of a baseline go.

    Raises:
        InputError: the run folder is not free.
    """
    folder = out or MODELS / f"{name}-{stem(dataset)}"
    runs.require_free(folder, resumable=False)
    return Results(name, runs.Run(folder), json)


def _whole_numbers(text: str | None) -> list[int] | None:
    if text is None:
        return None
    found = numbers("--components", text, whole)
    if not all(0 < number <= _MOST_COMPONENTS for number in found):
        expected = f"expected numbers from 1 to {_MOST_COMPONENTS:,}, such as 2,5,10"
        raise InputError(f"--components {quoted(text)}: {expected}")
    return list(found)


def _test_rows(splits: "Splits") -> "Split":
    if splits.test is None:
        raise InputError(f"{splits.name}: has no test rows: give a labelled CSV with --test")
    return splits.test


def _print_study(study: "Study") -> None:
    """Print the results of cross-validation, a row for each number of components."""
    points = study.to_json()["points"]
    listed = "as_listed" in points[0]
    columns = ["components", "variance %", "accuracy % ± sd", "fit s", "score s", "iterations"]
    columns += ["converged"]
    columns += ["components of all rows", "and as listed"] if listed else []
    console.table(columns, [_study_row(point, listed) for point in points])
    if listed:
        print("the last two columns are differences of the mean accuracy, in points")
    folds = len(points[-1]["folds"]["n"])
    took = duration(study.seconds)
    print(f"n={study.rows:,}, {folds} folds, {took}; seconds are means over folds")


def _study_row(point: dict[str, Any], listed: bool) -> list[object]:
    folds = point["folds"]
    fit = sum(folds["fit_seconds"]) / len(folds["fit_seconds"])
    score = sum(folds["score_seconds"]) / len(folds["score_seconds"])
    row = [
        point["components"] or "all pixels",
        f"{100 * point.get('explained_variance', 1):.1f}",
        f"{100 * point['mean_accuracy']:.2f} ± {100 * point['sd_accuracy']:.2f}",
        f"{fit:.2f}",
        f"{score:.3f}",
        max(folds["iterations"]),
        "yes" if all(folds["converged"]) else "no",
    ]
    if listed:
        row += [_difference(point.get("pca_on_all_rows")), _difference(point["as_listed"])]
    return row


def _difference(variant: dict[str, Any] | None) -> str:
    return "-" if variant is None else f"{100 * variant['mean_difference']:+.3f}"
