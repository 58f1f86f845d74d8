"""fashion-nn models, train, evaluate, compare, report, export, demo: from the zoo to measured runs."""

import shlex
import sys
import time
import webbrowser
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fashion_nn import recipes, runs, zoo
from fashion_nn.cli.options import (
    DATA_SETS,
    MODELS,
    AsJson,
    DataDir,
    Folder,
    Folders,
    Models,
    OfRun,
    TestCsv,
    in_seconds,
    load_splits,
    option,
    render_json,
    require_one_of,
)
from fashion_nn.core import files
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits


def models(
    name: Annotated[str | None, typer.Argument(help="A model of the zoo: print its layer table.")] = None,
) -> None:
    """The zoo: name, parameters and source of each model, or the layer table of one."""
    from fashion_nn import console

    if name is None:
        entries = map(zoo.describe, zoo.names())
        console.table(("model", "parameters", "source"), [(e.name, e.parameters, e.source) for e in entries])
        return
    zoo.require_known(name)
    console.load_tensorflow()
    model = zoo.build(name)
    console.layers(zoo.layer_table(model), zoo.parameters(model))


def train(
    name: Annotated[str | None, typer.Argument(help=f"A recipe: {', '.join(recipes.RECIPES)}.")] = None,
    file: option(Path | None, "--recipe", "Instead of a name: a recipe as JSON, such as a search's best.json.") = None,
    dataset: option(
        str | None,
        "--dataset",
        f"{DATA_SETS} [default: what the search in --recipe was on, else fashion_mnist].",
    ) = None,
    out: option(Path | None, "--out", "Run folder [default: models/NAME-DATASET-seedN].") = None,
    resume: option(bool, "--resume", "Continue the training in the run folder.") = False,
    budget: option(
        str | None, "--budget", "Stop at the best so far after 90s, 30m or 2h, say; --resume goes on from there."
    ) = None,
    settings: option(
        list[str] | None, "--set", "Change one setting of the recipe; may be repeated.", metavar="KEY=VALUE"
    ) = None,
    data_dir: DataDir = None,
    test: TestCsv = None,
) -> None:
    """Train a model by its recipe; leaves a run folder with the best model on validation."""
    if (name is None) == (file is None):
        raise InputError("name a recipe, or give one with --recipe FILE")
    found, searched_on = (recipes.get(name), None) if name else runs.read_recipe(file)
    recipe = recipes.override(found if name else recipes.from_json(found), settings or [])
    name, dataset = recipe.name, dataset or searched_on or "fashion_mnist"
    zoo.require_options(recipe.model, recipe.options)
    folder = out or MODELS / f"{name}-{Path(dataset).name.split('.')[0]}-seed{recipe.seed}"
    runs.require_free(folder, resume=resume)
    deadline = time.monotonic() + in_seconds(budget, "--budget") if budget else None
    from fashion_nn import console

    splits = load_splits(dataset, data_dir=data_dir, test=test, validation_fraction=recipe.validation_fraction)
    console.note(f"{name} on {splits.name}: {len(splits.train):,} rows to train, {len(splits.valid):,} to validate")
    console.load_tensorflow()
    from fashion_nn import pages, training

    try:
        with console.TrainingBar(name, recipe.epochs) as progress:
            outcome = training.run(recipe, splits, folder, resume=resume, deadline=deadline, progress=progress)
    except KeyboardInterrupt:
        words = [word for word in sys.argv[1:] if word != "--resume"]
        kept = "keeps the best model so far" if runs.Run(folder).model.exists() else "has no model yet"
        console.note(f"stopped; {folder} {kept}; go on with")
        console.note(f"  fashion-nn {shlex.join(words)} --resume")
        raise typer.Exit(130) from None
    pages.describe_training(outcome.run, splits)
    console.trained(outcome)
    if outcome.stopped_because == "budget":
        console.note("there are epochs left: the same command with --resume goes on")


def evaluate(
    folders: Folders,
    dataset: OfRun = None,
    data_dir: DataDir = None,
    test: TestCsv = None,
    as_json: AsJson = False,
) -> None:
    """Test accuracy with a 95 % interval, log loss, per-class figures and pictures. Each opening is logged."""
    opened = [runs.open_run(folder) for folder in folders]
    for run in opened:
        run.read_metrics()  # all are complete, before the first is measured
    from fashion_nn import console, evaluation, pages

    results: list[dict[str, Any]] = []
    load = _loader(dataset, data_dir, test)
    for run in opened:
        splits = load(run)
        with console.work_bar("near duplicates") as progress:
            scores = evaluation.evaluate(run, splits, progress)
        pages.write_card(run)
        results.append({"run": str(run.folder), **scores.to_json()})
        if not as_json:
            console.scores(run, splits.class_names, scores)
    if as_json:
        print(render_json(results[0] if len(results) == 1 else results))


def _loader(dataset: str | None, data_dir: Path | None, test: Path | None) -> Callable[[runs.Run], "Splits"]:
    """A function that loads the data of a run with the rows that it held out, once for runs on the same data."""

    @cache
    def load(source: str, fraction: float) -> "Splits":
        return load_splits(source, data_dir=data_dir, test=test, validation_fraction=fraction)

    return lambda run: load(_source(run, dataset), run.read_split().fraction)


def _source(run: runs.Run, dataset: str | None) -> str:
    """What to load for a run: what was asked for, else what it trained on."""
    from fashion_nn import datasets

    trained_on = run.read_record().dataset.name
    if dataset is None and trained_on not in datasets.names():
        raise InputError(f"{run.folder}: trained on {trained_on}, which has no name here: give the file with --dataset")
    return dataset or trained_on


def compare(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="[RUN]...", help="Run folders [default: all in models/].")
    ] = None,
    csv: option(Path | None, "--csv", "Write the table to this CSV.") = None,
    readme: option(Path | None, "--readme", "Put the table between the marks in this file.") = None,
    histories: option(Path | None, "--histories", "Write every epoch of each run to this JSON.") = None,
    record: option(Path | None, "--record", "Instead of run folders: a JSON that --histories wrote.") = None,
    curves: option(Path | None, "--curves", "Draw the curves of all into this PNG.") = None,
) -> None:
    """The leaderboard: accuracy with interval, cost and calibration of each run; runs that share a letter are tied."""
    from fashion_nn import console
    from fashion_nn.pages import histories as reporting
    from fashion_nn.pages import leaderboard

    if record:
        if folders or csv or readme or histories:
            raise InputError("--record stands for the run folders: only --curves goes with it")
        found = reporting.read(record)
        if curves:
            reporting.draw(found, curves)
        console.table(*reporting.as_table(found))
        return
    compared = [runs.open_run(folder) for folder in folders] if folders else list(runs.find(MODELS))
    if not compared:
        raise InputError(f"{MODELS}: holds no complete run: train one, or name run folders")
    rows = leaderboard.rows(compared)
    if histories or curves:
        found = reporting.record(compared)
        if histories:
            files.write_json(histories, found)
        if curves:
            reporting.draw(found, curves)
    if csv:
        leaderboard.write_csv(rows, csv)
    if readme:
        leaderboard.write_into(readme, rows)
    console.table(*leaderboard.as_table(rows))
    titles, groups = leaderboard.over_seeds(rows)
    if groups:
        print()
        console.table(titles, groups, title="mean ± sd over seeds")
    if missing := leaderboard.without_answers(rows):
        console.note(
            f"not compared with the others: {', '.join(missing)}: `fashion-nn evaluate` stores what that needs"
        )


def report(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="[DIR]...", help="Run folders, and folders of searches.")
    ] = None,
    every: option(
        bool, "--all", "All complete runs in the folder of models, and the leaderboard that links them."
    ) = False,
    image: option(int, "--image", "Test image whose way through the layers is shown.") = 0,
    dataset: OfRun = None,
    data_dir: DataDir = None,
    test: TestCsv = None,
    models: Models = MODELS,
    show: option(bool, "--open", "Show the page in the browser.") = False,
) -> None:
    """One HTML page a run: curves, mistakes, calibration, layers; or a search: trials, parameters. Needs no network."""
    if bool(folders) == every:
        raise InputError("name run folders, or give --all for those in the folder of models")
    of_searches = [folder for folder in folders or () if runs.Search(folder).exists]
    others = [folder for folder in folders or () if folder not in of_searches]
    chosen = list(runs.find(models)) if every else [runs.open_run(folder) for folder in others]
    if every and not chosen:
        raise InputError(f"{models}: holds no complete run: train one, or name run folders")
    for run in chosen:
        run.read_record(), run.read_metrics()  # all are complete, before the first page is made
    from fashion_nn import console, pages

    written = [pages.write_search_page(folder) for folder in of_searches]
    load = _loader(dataset, data_dir, test)
    with console.work_bar("pages") as progress:
        for done, run in enumerate(chosen, start=1):
            try:
                splits = load(run)
                console.load_tensorflow()
                written.append(pages.write_run_page(run, splits, image))
            except InputError as error:
                if not every:
                    raise
                console.note(f"no page for {run.folder}: {error}")
            if progress:
                progress(done, len(chosen))
    if every:
        written.append(models / "leaderboard.html")
        pages.write_leaderboard(chosen, written[-1])
    for page in written:
        print(page)
    if show:
        webbrowser.open(written[-1].resolve().as_uri())


def export(
    folder: Folder,
    format: option(str, "--format", "h5, keras or onnx."),
    out: option(Path | None, "--out", "File [default: model.FORMAT in the run folder].") = None,
    dataset: OfRun = None,
    data_dir: DataDir = None,
    ship: Annotated[bool, typer.Option("--ship", hidden=True)] = False,  # for the project's own published models
) -> None:
    """Write a run's model in another format, and record that it predicts the same."""
    from fashion_nn import export as exporting

    require_one_of(format, exporting.FORMATS, "--format")
    run = runs.open_run(folder)
    target = out or run.export(format)
    exporting.require_target(run, target, format)
    from fashion_nn import console

    splits = load_splits(_source(run, dataset), data_dir=data_dir)
    console.load_tensorflow()
    parity = exporting.export(run, format, splits.valid.images[:1000], target, ship=ship)
    console.note(
        f"{parity.labels_equal} of {parity.images} labels equal, "
        f"largest difference of a probability {parity.max_abs_difference:.1e}"
    )
    print(target)


def demo(models: Models = MODELS) -> None:
    """The main job on embedded data, in minutes: train two models, submit with the better, draw pictures."""
    from fashion_nn import console

    console.load_tensorflow()
    from fashion_nn import demo as demonstration

    demonstration.run(models / "demo")


COMMANDS = (models, train, evaluate, compare, report, export, demo)
