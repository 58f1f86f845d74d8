"""fashion-nn lab: the textbook systems of the reports, on any exercise."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from fashion_nn.cli.options import AsJson, DataDir, announce_download, group, option, render_json
from fashion_nn.errors import InputError

app = group("The textbook systems of the reports, on any exercise.")

Picture = option(Path | None, "--picture", "Draw the result into this PNG.")


@app.command()
def backprop(
    exercise: Annotated[
        str | None,
        typer.Argument(metavar="EXERCISE", help="A built-in name, such as report-004/1 or 2b; or a JSON file."),
    ] = None,
    as_json: AsJson = False,
    markdown: option(bool, "--markdown", "Print Markdown with LaTeX.") = False,
    check: option(Path | None, "--check", "Grade the worked answers in this JSON file.", metavar="FILE") = None,
    symbolic: option(bool, "--symbolic", "Print the algebra of linear units: what they collapse to.") = False,
    picture: Picture = None,
    figures: option(
        Path | None, "--figures", "Write the figures of reports 001, 003 (15) and 004 into this folder."
    ) = None,
    list_: option(bool, "--list", "List the built-in exercises.") = False,
) -> None:
    """Work an exercise in backpropagation: nets, outputs, deltas, gradients, one step, the class of a query."""
    from fashion_nn.lab import backprop as lab

    if list_:
        known = {name: entry["about"] for name, entry in lab.built_in().items()}
        _print(render_json(known) if as_json else "\n".join(f"{n:34} {about}" for n, about in known.items()))
        return
    if figures:
        from fashion_nn.lab.backprop import drawing

        for path in drawing.write_figures(figures):
            _print(str(path))
        return
    if exercise is None:
        raise InputError("name an exercise or a JSON file, such as report-004/1; --list shows the built-in ones")
    if sum((as_json and not check, markdown, check is not None, symbolic)) > 1:
        raise InputError(
            "--markdown, --check and --symbolic each print something else: give one; --json goes with --check"
        )
    given = lab.load(exercise)
    if picture:
        from fashion_nn.lab.backprop import drawing

        drawing.diagram(given, picture, title=exercise)
    if check:
        marks = lab.grade(given, lab.read_json(check), str(check))
        _print(render_json(marks.to_json()) if as_json else lab.describe_grade(marks, exercise))
    elif symbolic:
        from fashion_nn.lab.backprop.symbolic import describe

        _print(describe(given, exercise))
    else:
        worked = lab.trace(given)
        write = lab.write_markdown if markdown else lab.write_text
        _print(render_json(worked.to_json()) if as_json else write(worked, exercise))


@app.command()
def playground(
    dataset: option(str | None, "--dataset", "circle, xor, gauss, spiral, reg-plane, reg-gauss [circle].") = None,
    features: option(str | None, "--features", "Of x1,x2,x1^2,x2^2,x1x2,sin_x1,sin_x2, or all [x1,x2].") = None,
    hidden: option(str | None, "--hidden", "Neurons of each hidden layer, or none [4,2].") = None,
    activation: option(str | None, "--activation", "relu, tanh, sigmoid or linear [tanh].") = None,
    learning_rate: option(float | None, "--learning-rate", "[0.03]") = None,
    batch_size: option(int | None, "--batch-size", "[10]") = None,
    split: option(float | None, "--split", "Fraction of the points to train on [0.5].") = None,
    regularization: option(str | None, "--regularization", "none, L1 or L2 [none].") = None,
    rate: option(float | None, "--rate", "Regularization rate [0].") = None,
    noise: option(float | None, "--noise", "Per cent, as on the page [0].") = None,
    epochs: option(int | None, "--epochs", "[100, or those of the row]") = None,
    seed: option(str | None, "--seed", "As in the page's address: decides data and initial weights [0].") = None,
    url: option(str | None, "--url", "Take the settings from this Playground address; options go before.") = None,
    row: option(str | None, "--row", "Take them from report 003: table-1, ... or a row such as table-1/spiral.") = None,
    seeds: option(int, "--seeds", "Run so many seeds, 0, 1, ...: mean and standard deviation.") = 1,
    picture: Picture = None,
    keras: option(Path | None, "--keras", "Write the same network as a Keras script.") = None,
    as_json: AsJson = False,
) -> None:
    """TensorFlow Playground's own run of these settings: losses, picture, Keras script."""
    from fashion_nn.lab import playground as lab

    if url and row:
        raise InputError("--url and --row both give settings: leave one out")
    if seeds < 1 or (seeds > 1 and seed is not None):
        raise InputError(f"--seeds {seeds}: expected at least 1, and --seed only without it")
    base = lab.from_url(url) if url else lab.Settings()
    planned = lab.rows(row) if row else {"": lab.Row(base, 100, "")}
    if keras and len(planned) > 1:
        raise InputError(f"--keras writes one network: name one row, such as {next(iter(planned))}")
    given = {
        "dataset": dataset,
        "features": None if features is None else lab.parse_features(features),
        "hidden": None if hidden is None else lab.parse_hidden(hidden),
        "activation": activation,
        "learning_rate": learning_rate,
        "batch_size": batch_size,
        "split": split,
        "regularization": regularization,
        "regularization_rate": rate,
        "noise_percent": noise,
        "seed": seed,
    }
    planned = {
        name: lab.Row(lab.changed(one.settings, **given), one.epochs if epochs is None else epochs, one.system)
        for name, one in planned.items()
    }
    if keras:
        from fashion_nn.core.files import write_atomic

        (one,) = planned.values()
        write_atomic(keras, lab.keras_script(one.settings, one.epochs))
    from fashion_nn import console

    with console.work_bar("training") as progress:
        runs = lab.train_rows(planned, seeds=range(seeds) if seeds > 1 else None, progress=progress)
    if picture:
        lab.draw({name: each[0] for name, each in runs.items()}, picture)
    found = {name: lab.summarise(each) if seeds > 1 else each[0] for name, each in runs.items()}
    if as_json:
        _print_json({name: one.to_json() for name, one in found.items()})
    else:
        console.table(*lab.as_table(found))


@app.command()
def boundaries(
    dataset: option(str, "--dataset", "moons or iris.") = "moons",
    hidden: option(str, "--hidden", "Units of each hidden layer, such as 3 or 5,5.") = "3",
    activation: option(str, "--activation", "tanh, sigmoid or relu.") = "tanh",
    passes: option(int, "--passes", "Gradient steps, each on all points.") = 20_000,
    learning_rate: option(float, "--learning-rate", "Of the summed gradient.") = 0.01,
    l2: option(float, "--l2", "Weight of half the sum of squared weights.") = 0.01,
    seed: option(int, "--seed", "Of the initial weights.") = 0,
    columns: option(str, "--columns", "Of iris: two of 0 to 3.") = "0,1",
    neurons: option(bool, "--neurons", "Draw one panel a neuron.") = False,
    figure: option(
        str | None, "--figure", "Draw a report's figure: report-002/1 to report-002/4, report-003/16, report-003/17."
    ) = None,
    keras: option(bool, "--keras", "Train the same network in Keras too; how far apart they end.") = False,
    picture: Picture = None,
    as_json: AsJson = False,
) -> None:
    """Train a small network on points in the plane; draw and measure its decision boundary."""
    from fashion_nn import console
    from fashion_nn.lab import boundaries as lab

    if figure and not picture:
        raise InputError(f"--figure {figure} needs --picture FILE to draw into")
    with console.work_bar("training") as progress:
        if figure:
            fits = lab.figure(figure, picture, train=lambda points, plan: lab.fit(points, plan, progress=progress))
        else:
            plan = lab.Plan(
                hidden=_numbers("--hidden", hidden),
                activation=activation,
                passes=passes,
                learning_rate=learning_rate,
                l2=l2,
                seed=seed,
            )
            points = lab.load(dataset, columns=_numbers("--columns", columns))
            fits = {"": lab.fit(points, plan, progress=progress)}
    if picture and not figure:
        draw = lab.neurons if neurons else lab.side_by_side
        draw(fits[""] if neurons else fits, picture, title=lab.heading(fits[""]))
    if keras:
        console.load_tensorflow()
    found = {name: lab.describe(one, in_keras=keras) for name, one in fits.items()}
    if as_json:
        _print_json({name: one.to_json() for name, one in found.items()})
    else:
        console.table(*lab.as_table(found))


@app.command()
def losses(
    study: Annotated[
        str,
        typer.Argument(help="values, bad-initialisation, flipped-labels, saturation or squared-error."),
    ] = "values",
    z: option(str, "--z", "With values: scores, divided by commas.") = "-4,-2,-1,0,1,2,4",
    target: option(str, "--target", "With values: 0 or 1, one for all or one a score.") = "1",
    dataset: option(str, "--dataset", "mnist, digits, or another data set.") = "mnist",
    images: option(int, "--images", "Training images; as many again for validation.") = 1000,
    runs: option(int | None, "--runs", "Seeds of each network [those of the report].") = None,
    epochs: option(int | None, "--epochs", "[300; 100 for squared-error]") = None,
    figure: option(
        str | None, "--figure", "Draw report-000/2 to /5, report-000/2.3 or report-003/why-not-mse instead."
    ) = None,
    picture: Picture = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Losses and their slopes, or what training by them comes to, over several seeds."""
    from fashion_nn import console
    from fashion_nn.lab import losses as lab

    options = lab.StudyOptions(
        dataset=dataset, images=images, valid_images=images, runs=runs, epochs=epochs, data_dir=data_dir
    )

    def run(name: str) -> lab.StudyResult:
        announce_download(dataset, data_dir)
        with console.work_bar(name) as progress:
            return lab.run_study(name, options, progress=progress)

    if figure:
        if not picture:
            raise InputError(f"--figure {figure} needs --picture FILE to draw into")
        found = lab.figure(figure, picture, run)
    elif study == "values":
        found = None
        if picture:
            lab.loss_functions(picture)
    else:
        found = run(study)
        if picture:
            lab.PICTURES[study](found, picture)
    if found is None:
        values = lab.values(_numbers("--z", z, float), _numbers("--target", target, float))
        shown, table = [asdict(one) for one in values], lab.values_table(values)
    else:
        shown, table = found.to_json(), lab.as_table(found)
    if as_json:
        print(render_json(shown))
    else:
        console.table(*table)


def _numbers(name: str, text: str, kind: type = int) -> tuple:
    try:
        return tuple(kind(part) for part in text.split(","))
    except ValueError:
        expected = "whole numbers" if kind is int else "numbers"
        raise InputError(f"{name} {text!r}: expected {expected} divided by commas") from None


def _print_json(found: dict[str, Any]) -> None:
    """One result by itself, several under their names."""
    shown = render_json(found, by_name=True) if len(found) > 1 else render_json(next(iter(found.values())))
    print(shown)


def _print(text: str) -> None:
    """Print, also on a terminal that has no Greek."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))
