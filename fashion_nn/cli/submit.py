"""fashion-nn submit, and submit.py: a prediction file from a model and a table of test images."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn import console, datasets, runs
from fashion_nn.cli.common import accuracy, deadline, load_splits
from fashion_nn.cli.grade import finish
from fashion_nn.cli.options import (
    DATA_SETS,
    MODELS,
    Calibrate,
    Scale,
    Strict,
    default_models,
    examples,
    one_of,
    output_file,
    takes,
)
from fashion_nn.cli.reading import Reading
from fashion_nn.cli.train_for_submission import train_within
from fashion_nn.core.files import FileIn, files_at
from fashion_nn.datasets.layouts import TABLES, layout_of, table_files
from fashion_nn.errors import InputError
from fashion_nn.runs import Run
from fashion_nn.submission.formats import FORMATS

if TYPE_CHECKING:
    from fashion_nn.grading import ReferenceBuilder
    from fashion_nn.inference.scaling import LabelledRows
    from fashion_nn.submission import ImageTable, Predictions
    from fashion_nn.submission import Sample as SampleFile
    from fashion_nn.tables import TableSource

EXAMPLES = examples(
    "fashion-nn submit --train kaggle.zip --out predictions.csv --budget 15m",
    "fashion-nn submit --model mlp.keras --test test.csv --out predictions.csv",
)
SCRIPT_EXAMPLES = EXAMPLES.replace("fashion-nn submit", "python submit.py")
ENGINE_NAMES = {"keras": "Keras", "onnx": "ONNX Runtime"}

Test = Annotated[
    Path | None,
    typer.Option(
        "--test",
        help="File with the images to predict: CSV, .npz, pictures, ... [default: in --train].",
    ),
]
Out = Annotated[Path, output_file("--out", "Prediction file to write.")]
Model = Annotated[Path | None, typer.Option("--model", help="Saved model, .keras or .h5.")]
Grade = Annotated[
    bool,
    typer.Option(
        "--grade",
        help="Check the written file; without --model, predict with the model that --train made for"
        " these images, else with the best saved one.",
    ),
]
Train = Annotated[
    Path | None,
    typer.Option(
        "--train",
        help="File with labelled images, or Kaggle's zip: train the best model for the time.",
    ),
]
Budget = Annotated[
    str | None,
    typer.Option(
        "--budget",
        help="With --train: time for everything, such as 90s, 15m or 2h. The number of epochs is"
        " chosen so that training and prediction end within it.",
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        help=f"{' or '.join(f'{name} ({each.description})' for name, each in FORMATS.items())}.",
    ),
]
Sample = Annotated[
    Path | None,
    typer.Option("--sample", help="Sample file of a competition, whose header and ids are used."),
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        help="What runs the model: keras, onnx (its exported .onnx) or auto (the faster one).",
    ),
]
Dataset = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        help=f"Data set of the images: {DATA_SETS} [default: recognised].",
    ),
]
Models = Annotated[
    Path | None,
    typer.Option(
        "--models",
        help="Folder that holds the run folders [default: models/ here, or that of the project].",
    ),
]


@dataclass(frozen=True)
class Request(Reading):
    """The parameters of the command."""

    out: Out
    test: Test = None
    model: Model = None
    grade: Grade = False
    train: Train = None
    budget: Budget = None
    strict: Strict = False
    format: Format = "kaggle"
    sample: Sample = None
    scale: Scale = "auto"
    calibrate: Calibrate = None
    engine: Engine = "auto"
    dataset: Dataset = None
    models: Models = None


@takes(Request)
def submit(request: Request) -> None:
    """Write a prediction file for test images.

    The predictions are in the order of the rows. The exit code is 3 if a check of --grade fails.
    """
    from fashion_nn import inference, submission

    one_of(request.format, tuple(FORMATS), "--format")
    one_of(request.scale, inference.SCALES, "--scale")
    one_of(request.engine, inference.ENGINES, "--engine")
    _require_one_way(request)
    if request.model:
        runs.require_keras_only(request.model)
    stop_at = deadline(_in_minutes(request.budget))
    given = (request.test, request.model, request.train, request.sample, request.calibrate)
    submission.require_output(request.out, *given)
    test, sample = images_and_sample(request)
    wanted = submission.read_sample(sample) if sample else None
    # Read once, by all who need it.
    table = submission.ImageTable(test, request.options())
    if request.train:
        made = train_within(
            request.train, test, request.models or MODELS, request.options(), stop_at
        )
        _predict(request, made.model, table, wanted, _Expected.of_run(made))
    elif request.model:
        _predict(request, request.model, table, wanted, _expected(request, request.model))
    else:
        run = _best(table, request.dataset, request.models or default_models())
        sha256 = run.read_metrics().model_sha256
        for_these = bool(run.read_record().predicts) and request.dataset is None
        expected = _Expected.of_run(run) if for_these else _expected(request, run.model)
        _predict(request, run.model, table, wanted, expected, sha256)


def _in_minutes(budget: str | None) -> str | None:
    """`budget` with its unit: a number alone is taken as minutes."""
    if budget is None or not budget.isdecimal():
        return budget
    console.note(f"--budget {budget}: taken as {budget} minutes")
    return f"{budget}m"


def images_and_sample(request: Request) -> tuple["TableSource", "Path | FileIn | None"]:
    """The test images and the sample file, which may both be in the archive of --train."""
    if request.test is not None:
        return request.test, request.sample
    if request.train is None:
        raise InputError("no images to predict: give them with --test FILE")
    files = files_at(request.train)
    if layout_of(files) is not TABLES:
        raise InputError(f"{request.train}: give the images to predict with --test FILE")
    found = table_files.competition(files)
    if found.test is None:
        raise InputError(f"{request.train}: holds no test table: give one with --test FILE")
    return found.test, request.sample or found.sample


@dataclass(frozen=True)
class _Expected:
    """What the images are.

    dataset: the known data set, or the files, that they come from; None where nobody has named it.
    classes: their number, if it is known.
    labels: the label of each class.
    train: the file with the labelled rows that the model was made from to predict these images.
    """

    dataset: str | None
    classes: int | None
    labels: datasets.LabelMap
    train: str | None = None

    @classmethod
    def of_run(cls, run: Run) -> "_Expected":
        record = run.read_record()
        labels = datasets.LabelMap(record.dataset.labels or ())
        there = record.predicts and record.data and os.path.exists(record.data.dataset)
        train = record.data.dataset if record.data and there else None
        return cls(None, len(record.dataset.class_names), labels, train)


def _expected(request: Request, model: Path) -> _Expected:
    from fashion_nn import submission

    dataset = request.dataset or submission.trained_on(model)
    known = datasets.DATASETS.get(dataset.replace("-", "_")) if dataset else None
    if dataset is None or known:
        labels = submission.labels_of(model)
        return _Expected(dataset, known.classes if known else None, labels)
    splits = load_splits(dataset, options=request.options())
    return _Expected(dataset, splits.classes, splits.labels)


def _predict(
    request: Request,
    model: Path,
    table: "ImageTable",
    sample: "SampleFile | None",
    expected: _Expected,
    sha256: str | None = None,
) -> None:
    """Predict the rows of `table`, write the file, and check it if that is asked for.

    Args:
        sha256: of the model by whose figures it was chosen; None where nobody chose.
    """
    from fashion_nn import grading, inference, submission

    scale = one_of(request.scale, inference.SCALES, "--scale")
    engine = one_of(request.engine, inference.ENGINES, "--engine")
    # If Keras runs the model, its process imports TensorFlow while the first rows are read.
    with inference.open_fast(model, scale=scale, engine=engine) as predictor:
        if sha256 not in (None, predictor.sha256):
            raise InputError(f"{model}: was replaced after it was chosen: try again")
        builder = _reference_builder(request, expected) if request.grade else None
        with console.work_bar("predicting") as progress:
            blocks = table.blocks(progress)
            watched = builder.watch(blocks) if builder else blocks
            predictions = submission.predict_blocks(
                predictor,
                watched,
                classes=expected.classes,
                rows=calibration(request, expected.labels),
                originals=expected.labels,
            )
        _describe(predictions)
        submission.write(predictions, request.out, format=request.format, sample=sample)
        print(f"{request.out}: {len(predictions.labels):,} predictions")
        if not builder:
            return
        layout = submission.expectation(predictions, format=request.format, sample=sample)
        with inference.run_by_keras(predictor) as checked:
            reference = builder.finish()
            report = grading.grade(request.out, reference, model=checked, layout=layout)
    finish(report, strict=request.strict)


def calibration(request: Request, labels: datasets.LabelMap) -> "LabelledRows | None":
    """The rows that are given with --calibrate."""
    from fashion_nn import submission

    if request.calibrate is None or request.test is None:
        return None
    return submission.read_calibration(
        request.calibrate, request.test, labels=labels, options=request.options()
    )


def _describe(predictions: "Predictions") -> None:
    from fashion_nn import submission

    console.note(f"{predictions.feeding}; run by {ENGINE_NAMES[predictions.engine]}")
    for warning in submission.warnings(predictions):
        console.note(f"warning: {warning}")


def _require_one_way(request: Request) -> None:
    if request.train and (request.model or request.grade):
        mend = "leave out --model and --grade, or leave out --train"
        raise InputError(f"--train makes a model from scratch: {mend}")
    if not (request.model or request.grade or request.train):
        ways = "--model FILE, or --grade for the best saved one, or --train CSV to make one"
        raise InputError(f"no model: give {ways}")
    if request.strict and not request.grade:
        raise InputError("--strict makes warnings of the checks count: it needs --grade")
    if request.calibrate and request.scale != "auto":
        raise InputError("--calibrate finds the scale that --scale names: give one of them")
    if request.budget and not request.train:
        raise InputError("--budget limits a training: it needs --train CSV")


def _best(table: "ImageTable", dataset: str | None, models: Path) -> Run:
    """The best saved run for the images of `table`."""
    from fashion_nn import submission

    made = submission.trained_for(models, table.fingerprint, note=console.note)
    if made and dataset is None:
        valid = made.read_metrics().of_valid()
        measured = accuracy(valid.accuracy, valid.interval, valid.n)
        console.note(f"model: {made.model}, trained for these images (validation {measured})")
        return made
    kind = dataset or table.recognised()
    run = submission.best_run(models, kind, table.image_shape, note=console.note)
    valid = run.read_metrics().of_valid()
    measured = f"validation accuracy {valid.accuracy:.4f}"
    console.note(f"model: {run.model}, the best saved one for {kind} ({measured})")
    return run


def _reference_builder(request: Request, expected: _Expected) -> "ReferenceBuilder":
    from fashion_nn.grading import ReferenceBuilder, Sources

    assert request.test is not None  # as --grade requires
    sources = Sources(sample=request.sample, train=expected.train, dataset=expected.dataset)
    return ReferenceBuilder(request.test, sources, find_duplicates=False)
