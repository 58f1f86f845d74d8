"""fashion-nn evaluate: measure runs and model files on the test images of a data set."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_nn import console, runs
from fashion_nn.cli import own_code
from fashion_nn.cli.common import accuracy, loader, model_loader, render_json
from fashion_nn.cli.options import (
    AsJson,
    Calibrate,
    DataDir,
    DatasetOfRun,
    Runs,
    Scale,
    TestCsv,
    examples,
    one_of,
    takes,
)
from fashion_nn.cli.reading import Reading
from fashion_nn.core.strict_json import JsonObject
from fashion_nn.errors import InputError
from fashion_nn.measures import balanced_accuracy
from fashion_nn.measures.columns import PROBABILISTIC, sentence
from fashion_nn.runs import Run
from fashion_nn.wrapping import is_file

if TYPE_CHECKING:
    from fashion_nn.evaluation import Evaluation
    from fashion_nn.zoo import OwnBuilder

EXAMPLES = examples(
    "fashion-nn evaluate models/mlp models/cnn-v2 --json",
    "fashion-nn evaluate model.h5 --dataset fashion_mnist",
)


@dataclass(frozen=True)
class Request(Reading):
    """The parameters of the command."""

    models: Runs
    dataset: DatasetOfRun = None
    data_dir: DataDir = None
    test: TestCsv = None
    scale: Scale = "auto"
    calibrate: Calibrate = None
    as_json: AsJson = False
    code: own_code.Code = None


@takes(Request)
def evaluate(request: Request) -> None:
    """Measure runs and model files on their test images.

    Measures the accuracy with a 95 % interval, the log loss, the calibration and the figures of
    each class, and says on which scale the model took the pixels. For a run it also draws pictures
    and logs the evaluation in the run folder; nothing is stored about a model file.
    """
    from fashion_nn import inference
    from fashion_nn.api import results as api

    one_of(request.scale, inference.SCALES, "--scale")
    if request.calibrate and request.scale != "auto":
        raise InputError("--calibrate finds the scale that --scale names: give one of them")
    builders = [_builder(path, request.code) for path in request.models]
    results: list[JsonObject] = []
    load = model_loader(
        loader(request.dataset, request.data_dir, request.test, request.options()), request.dataset
    )
    for path, builder in zip(request.models, builders, strict=True):
        splits = load(path)
        with console.work_bar("near duplicates") as progress:
            found = api.evaluate(
                path,
                splits,
                scale=request.scale,
                calibrate=request.calibrate,
                builder=builder,
                progress=progress,
            )
        balanced = balanced_accuracy(found.scores.per_class)
        figures = {**found.scores.to_json(), "balanced_accuracy": balanced}
        results.append({"run": str(path), "pixels": found.pixels, **figures})
        if not request.as_json:
            print_evaluation(path, found)
        if found.decision and (warning := found.decision.warning()):
            console.note(f"warning: {warning}")
    if request.as_json:
        print(render_json(results[0] if len(results) == 1 else results))


def _builder(path: Path, code: str | None) -> "OwnBuilder | None":
    """The user's own code of a run; an incomplete run is refused before the first is measured."""
    if is_file(path):
        return None
    run = runs.open_run(path)
    run.read_metrics()
    return own_code.of_run(run, code)


def print_evaluation(path: Path, found: "Evaluation") -> None:
    """Print the figures of a run or a model file on the test images."""
    scores = found.scores
    first, *others = PROBABILISTIC
    test = accuracy(scores.accuracy, scores.interval, scores.n)
    print(f"{path}: test {test}, {sentence(scores, [first])}")
    balanced = balanced_accuracy(scores.per_class)
    print(f"balanced accuracy {balanced:.4f}, {sentence(scores, others)}")
    print(f"the model gets {found.pixels}")
    run = None if is_file(path) else Run(path)
    if run:
        _print_stored(run)
    rows = [
        (name, f"{each.precision:.4f}", f"{each.recall:.4f}", f"{each.f1:.4f}", each.support)
        for name, each in zip(found.data.class_names, scores.per_class, strict=True)
    ]
    console.table(("class", "precision", "recall", "F1", "n"), rows)
    if run and (found.decision or found.feeding is None):
        print(f"pictures: {run.figure('confusion')}, {run.figure('mistakes')}")


def _print_stored(run: Run) -> None:
    """Print the figures that only metrics.json has."""
    stored = run.read_metrics().test
    if stored is None:
        return
    clean = stored.without_near_duplicates
    if clean and clean.accuracy is not None and clean.interval is not None:
        found = accuracy(clean.accuracy, clean.interval, clean.n)
        print(f"without near duplicates of training images: {found}")
    scaled = stored.temperature
    if scaled:
        before = scaled.log_loss_before
        losses = f"{scaled.log_loss:.4f}"
        if before is not None:
            losses = f"{before:.4f} becomes {losses} (both in double precision)"
        print(
            f"with temperature {scaled.value:.3f}, fitted on validation: "
            f"log loss {losses}, "
            f"expected calibration error {scaled.calibration_error:.4f}"
        )
