"""fashion-nn submit, and submit.py: a prediction file from a model and a table of test images."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_nn.cli.grade import Strict, finish
from fashion_nn.cli.options import MODELS, default_models, in_seconds, load_splits, option, require_one_of
from fashion_nn.core.text import duration
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.grading import ReferenceBuilder
    from fashion_nn.submission import ImageTable, Predictions


ENGINE_NAMES = {"keras": "Keras", "onnx": "ONNX Runtime"}


def submit(
    test: option(Path, "--test", "CSV of the images to predict (.csv or .csv.gz)."),
    out: option(Path, "--out", "Prediction file to write."),
    model: option(Path | None, "--model", "Saved model, .keras or .h5.") = None,
    grade: option(
        bool,
        "--grade",
        "Train nothing, check what was written; without --model, take the best saved one.",
    ) = False,
    train: option(
        Path | None, "--train", "Labelled CSV: train mlp and sprint from scratch and submit the better."
    ) = None,
    budget: option(str | None, "--budget", "With --train: stop at the best so far after 90s, 30m or 2h, say.") = None,
    strict: Strict = False,
    format: option(str, "--format", "kaggle (ImageId,Label) or plain (one integer a line).") = "kaggle",
    sample: option(Path | None, "--sample", "A competition's sample file: take its header and ids.") = None,
    scale: option(str, "--scale", "Pixel range that the model is fed: auto, 0-1 or 0-255.") = "auto",
    engine: option(
        str, "--engine", "What runs the model: keras, onnx (its exported .onnx), or auto, the faster that is there."
    ) = "auto",
    dataset: option(str | None, "--dataset", "With --grade: which data set this is [default: recognised].") = None,
    models: option(
        Path | None, "--models", "Folder of the run folders [default: models/ here, or the project's]."
    ) = None,
) -> None:
    """Write a prediction file for a CSV of test images, rows in their order."""
    from fashion_nn import grading, inference, submission

    require_one_of(format, tuple(submission.FORMATS), "--format")
    require_one_of(scale, inference.SCALES, "--scale")
    require_one_of(engine, inference.ENGINES, "--engine")
    _require_one_way(model, grade, strict, train, budget)
    deadline = time.monotonic() + in_seconds(budget, "--budget") if budget else None
    submission.require_output(out, test, model, train, sample)
    wanted = submission.read_sample(sample) if sample else None
    from fashion_nn import console

    table = submission.ImageTable(test)  # is read once, by all who need it
    if train:
        model = _train(train, test, models or MODELS, deadline)
    elif model is None:
        model = _best(table, dataset, models or default_models())
    # If Keras runs the model, its process imports TensorFlow while the first rows are read.
    with inference.open_fast(model, scale=scale, engine=engine) as predictor:
        builder = _reference_builder(test, sample, dataset, model) if grade else None
        with console.work_bar("predicting") as progress:
            blocks = table.blocks(progress)
            predictions = submission.predict_blocks(predictor, builder.watch(blocks) if builder else blocks)
        _describe(predictions)
        submission.write(predictions, out, format=format, sample=wanted)
        print(f"{out}: {len(predictions.labels):,} predictions")
        if not builder:
            return
        layout = submission.expectation(predictions, format=format, sample=wanted)
        with grading.run_by_keras(predictor, scale) as checked:
            report = grading.grade(out, builder.finish(), model=checked, layout=layout)
    finish(report, strict=strict)


def _describe(predictions: "Predictions") -> None:
    from fashion_nn import console

    console.note(f"{predictions.feeding}; run by {ENGINE_NAMES[predictions.engine]}")
    if predictions.ties:
        console.note(
            f"ties: for {predictions.ties:,} of {len(predictions.labels):,} rows several classes share the largest "
            "output; the first of them is written"
        )


def _require_one_way(model: Path | None, grade: bool, strict: bool, train: Path | None, budget: str | None) -> None:
    if train and (model or grade):
        raise InputError("--train makes a model from scratch: leave out --model and --grade, or leave out --train")
    if not (model or grade or train):
        raise InputError("no model: give --model FILE, or --grade for the best saved one, or --train CSV to make one")
    if strict and not grade:
        raise InputError("--strict makes warnings of the checks count: it needs --grade")
    if budget and not train:
        raise InputError("--budget limits a training: it needs --train CSV")


def _best(table: "ImageTable", dataset: str | None, models: Path) -> Path:
    from fashion_nn import console, submission

    kind = dataset or table.recognised()
    run = submission.best_run(models, kind, table.image_shape, note=console.note)
    valid = run.read_metrics().of_valid()
    console.note(f"model: {run.model}, the best saved one for {kind} (validation accuracy {valid.accuracy:.4f})")
    return run.model


def _train(train: Path, test: Path, models: Path, deadline: float | None) -> Path:
    from fashion_nn import console, submission

    image_shape = submission.ImageTable(test).image_shape  # a broken test table is refused before hours of training
    splits = load_splits(train)
    if splits.image_shape != image_shape:
        raise InputError(f"{test}: images are {image_shape}, those of {train} {splits.image_shape}: not the same data")
    console.load_tensorflow()
    costs = submission.training_costs(splits)
    for cost in costs:
        each = f"{cost.epochs} epochs of about {cost.seconds_per_epoch:.1f} s"
        console.note(f"{cost.recipe}: at most {each}, {duration(cost.seconds)}")
    together = sum(cost.seconds for cost in costs)
    limit = f"; stops after {duration(max(deadline - time.monotonic(), 0))} more" if deadline else ""
    console.note(f"together at most {duration(together)}, early stopping may end sooner{limit}")
    folder = models / f"submit-{train.name.split('.')[0]}-{splits.fingerprint[:8]}"
    with console.training_bars() as progress:
        outcome = submission.train_best(splits, folder, deadline=deadline, progress=progress)
    console.trained(outcome)
    return outcome.run.model


def _reference_builder(test: Path, sample: Path | None, dataset: str | None, model: Path) -> "ReferenceBuilder":
    from fashion_nn import submission
    from fashion_nn.grading import ReferenceBuilder, Sources

    sources = Sources(sample=sample, dataset=dataset or submission.trained_on(model))
    return ReferenceBuilder(test, sources, find_duplicates=False)


COMMANDS = (submit,)
