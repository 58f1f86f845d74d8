"""fashion-nn baseline, ensemble: what a neural model has to beat, and several models as one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fashion_nn import runs
from fashion_nn.cli.options import DATA_SETS, MODELS, DataDir, OfRun, TestCsv, group, load_splits, option
from fashion_nn.core import files
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

app = group("Models without a network: what a neural one has to beat.")

Dataset = option(str, "--dataset", f"{DATA_SETS}.")
Out = option(Path | None, "--out", "Run folder [default: models/NAME-DATASET].")
Jobs = option(int | None, "--jobs", "Processes [default: one a core].", min=1)
Folds = option(int, "--folds", "Folds of the cross-validation.", min=2)
AsListed = option(
    bool, "--as-listed", "Also report 003's way: components of all rows, and the solver of its time; slow."
)
Iterations = option(int, "--max-iterations", "Limit of the solver.", min=1)
Json = option(Path | None, "--json", "Put the figures into this JSON too, beside those of other baselines.")
Seed = option(int, "--seed", "Of what is drawn at random.", min=0)


@app.command("pca-logreg")
def pca_logreg(
    dataset: Dataset = "fashion_mnist",
    components: option(str | None, "--components", "Numbers of components [default: 2,5,10,25,50,100].") = None,
    keep: option(int | None, "--keep", "Components of the run's model [default: the best in the sweep].", min=1) = None,
    folds: Folds = 5,
    as_listed: AsListed = False,
    max_iterations: Iterations = 1000,
    jobs: Jobs = None,
    out: Out = None,
    json: Json = None,
    data_dir: DataDir = None,
    test: TestCsv = None,
) -> None:
    """Logistic regression on principal components, cross-validated: accuracy and time for each number of them."""
    wanted = _whole_numbers(components)
    folder = _free(out, "pca-logreg", dataset)
    splits = load_splits(dataset, data_dir=data_dir, test=test)
    from fashion_nn import baselines

    sizes = baselines.sweep_sizes(wanted, splits.image_shape)
    baselines.sweep_sizes(None if keep is None else [keep], splits.image_shape)  # refuses a number that cannot be
    _linear("pca-logreg", splits, sizes, keep, folder, folds, as_listed, max_iterations, jobs, json)


@app.command()
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
    folder = _free(out, "logreg", dataset)
    splits = load_splits(dataset, data_dir=data_dir, test=test)
    _linear("logreg", splits, (None,), None, folder, folds, as_listed, max_iterations, jobs, json)


def _linear(
    name: str,
    splits: "Splits",
    sizes: tuple[int | None, ...],
    keep: int | None,
    folder: Path,
    folds: int,
    as_listed: bool,
    max_iterations: int,
    jobs: int | None,
    json: Path | None,
) -> None:
    from fashion_nn import baselines, console

    rows = splits.original_train()
    console.note(f"{name} on {splits.name}: {folds} folds of all {len(rows):,} training rows")
    with console.work_bar("cross-validation") as progress:
        study = baselines.study(
            rows,
            sizes,
            folds=folds,
            as_listed=as_listed,
            max_iterations=max_iterations,
            jobs=jobs,
            progress=progress,
        )
    console.study(study)
    console.load_tensorflow()
    run, agreement = baselines.fit_linear(name, keep or study.best, splits, folder, max_iterations=max_iterations)
    results = baselines.results_of(
        splits, cross_validation=study.to_json(), as_keras=agreement, valid=run.read_metrics().of_valid().accuracy
    )
    _finish(run, name, results, json)
    if name == "pca-logreg":
        from fashion_nn.pages import baseline_figures as pictures

        pictures.cost_benefit(study.to_json()["points"], run.figure("cost-benefit"), title=f"{name} on {splits.name}")


@app.command("pca-kmeans")
def pca_kmeans(
    dataset: Dataset = "fashion_mnist",
    seed: Seed = 0,
    out: Out = None,
    json: Json = None,
    data_dir: DataDir = None,
    test: TestCsv = None,
) -> None:
    """K-means on two principal components of the test images: a picture and figures, no model."""
    folder = _free(out, "pca-kmeans", dataset)
    splits = load_splits(dataset, data_dir=data_dir, test=test)
    rows = _test_rows(splits)
    from fashion_nn import baselines
    from fashion_nn.pages import baseline_figures as pictures

    found = baselines.pca_kmeans(rows, splits.classes, seed=seed)
    run = runs.Run(folder)
    _record(run, "pca-kmeans", baselines.results_of(splits, **found.to_json()), json)
    title = f"{splits.name}, {len(rows):,} test images on two principal components"
    pictures.clusters(
        found.points,
        found.members,
        found.centres,
        rows.labels,
        splits.class_names,
        run.figure("clusters"),
        title=title,
    )
    print(
        f"purity {found.purity:.4f}, adjusted Rand index {found.adjusted_rand:.4f}, "
        f"{found.explained_variance:.1%} of the variance kept (n={len(rows):,}, seed {seed})"
    )
    print(f"{found.classes_that_lead} of {splits.classes} classes lead a cluster; picture: {run.figure('clusters')}")


@app.command("1-nn")
def one_nn(
    dataset: Dataset = "fashion_mnist",
    open_test: option(bool, "--open-test", "Measure on the test rows too.") = False,
    out: Out = None,
    json: Json = None,
    data_dir: DataDir = None,
    test: TestCsv = None,
) -> None:
    """The label of the nearest training image: figures only, for the model would be all training images."""
    folder = _free(out, "1-nn", dataset)
    splits = load_splits(dataset, data_dir=data_dir, test=test)
    parts = {"valid": splits.valid} | ({"test": _test_rows(splits)} if open_test else {})
    from fashion_nn import baselines, console

    found = {}
    for name, rows in parts.items():
        with console.work_bar(f"1-nn, {name}") as progress:
            found[name] = baselines.nearest_neighbour(splits.train, rows, progress=progress)
        one = found[name]
        print(f"{name} {console.accuracy(one['accuracy'], one['interval'], one['n'])}, {one['seconds']:.0f} s")
    _record(runs.Run(folder), "1-nn", baselines.results_of(splits, **found), json)
    size = splits.train.images.nbytes
    print(f"{folder}: figures only: a model would hold all training images, {size / 1e6:,.1f} MB as bytes")


@app.command("edges-rbf")
def edges_rbf(
    dataset: Dataset = "fashion_mnist",
    landmarks: option(int | None, "--landmarks", "Training images that the kernel compares with.", min=2) = None,
    seed: Seed = 0,
    out: Out = None,
    json: Json = None,
    data_dir: DataDir = None,
    test: TestCsv = None,
) -> None:
    """Edge directions, a Gaussian kernel (Nyström) and logistic regression: strong for ten minutes of a CPU."""
    folder = _free(out, "edges-rbf", dataset)
    splits = load_splits(dataset, data_dir=data_dir, test=test)
    from fashion_nn import baselines, console

    settings = baselines.EdgeSettings(seed=seed) if landmarks is None else baselines.EdgeSettings(landmarks, seed=seed)
    console.note(f"edges-rbf on {splits.name}: {len(splits.train):,} rows to train, {len(splits.valid):,} to validate")
    console.load_tensorflow()
    with console.work_bar("edges-rbf") as progress:
        run, found = baselines.fit_edges_rbf(splits, folder, settings, progress=progress)
    valid = run.read_metrics().of_valid()
    _finish(run, "edges-rbf", baselines.results_of(splits, **found, valid=valid.accuracy), json)


def _finish(run: runs.Run, name: str, results: dict[str, Any], json: Path | None) -> None:
    """Store the figures of a baseline that left a run, write the card, and print where it is."""
    from fashion_nn import console, pages

    _record(run, name, results, json)
    pages.write_card(run)
    valid, same = run.read_metrics().of_valid(), results["as_keras"]
    print(f"{run.folder}: validation {console.accuracy(valid.accuracy, valid.interval, valid.n)}")
    print(f"{run.model.name} gives the pipeline's label for {same['labels_equal']:,} of {same['images']:,} images")


def _record(run: runs.Run, name: str, results: dict[str, Any], json: Path | None) -> None:
    from fashion_nn import baselines

    files.write_json(run.baseline, results)
    if json:
        baselines.add_results(json, name, results)


def _free(out: Path | None, name: str, dataset: str) -> Path:
    folder = out or MODELS / f"{name}-{Path(dataset).name.split('.')[0]}"
    runs.require_free(folder, resumable=False)
    return folder


def _whole_numbers(text: str | None) -> list[int] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise InputError(f"--components {text!r}: expected whole numbers with commas, such as 2,5,10")
    return [int(part) for part in parts]


def _test_rows(splits: "Splits") -> Any:
    if splits.test is None:
        raise InputError(f"{splits.name}: has no test rows: give a labelled CSV with --test")
    return splits.test


def ensemble(
    folders: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders, of the same data and split.")],
    out: option(Path | None, "--out", "Run folder [default: models/ensemble-DATASET].") = None,
    flip: option(
        bool | None, "--flip/--no-flip", "Average with the mirrored image [default: when validation gains by it]."
    ) = None,
    dataset: OfRun = None,
    data_dir: DataDir = None,
) -> None:
    """Several runs as one model: probabilities averaged with weights that are chosen on the validation rows."""
    opened = [runs.open_run(folder) for folder in folders]
    from fashion_nn import ensemble as ensembling

    trained_on = ensembling.require_alike(opened)
    folder = out or MODELS / f"ensemble-{trained_on.name}"
    runs.require_free(folder, resumable=False)
    splits = load_splits(dataset or trained_on.name, data_dir=data_dir)
    from fashion_nn import console, pages

    console.load_tensorflow()
    with console.work_bar("predicting the validation rows") as progress:
        run = ensembling.combine(opened, splits, folder, flip=flip, progress=progress)
    pages.write_card(run)
    console.ensemble(run)


COMMANDS = (ensemble,)
