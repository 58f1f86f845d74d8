"""A run as one HTML page that needs no other file: its figures, its mistakes, and its layers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fashion_nn import datasets, inference, measures
from fashion_nn.core.images import ImageShape, channels_of, values_of
from fashion_nn.core.writing import write_atomic
from fashion_nn.datasets import Split, Splits
from fashion_nn.errors import InputError
from fashion_nn.measures import columns
from fashion_nn.pages import card, charts, examples, layer_outputs, pictures
from fashion_nn.pages.in_page import ModelInPage, model_in_page
from fashion_nn.pages.pictures import Picture
from fashion_nn.pages.rendering import Script, modules, render
from fashion_nn.pages.training_summary import why_training_lies_below
from fashion_nn.runs import Metrics, Record, Run, StoredScores, TestPredictions, require_keras_only

WORST, WORST_OF_CLASS, PAIRS, UNITS, UNITS_IN_ROW = 24, 8, 8, 40, 10
_PARTS = ("engine", "framing", "examples", "maps", "occlusion", "page")
_MODULES = tuple(f"run-{part}.mjs" for part in _PARTS)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A test image that the model gets wrong.

    `confidence` is the probability of the class it is taken for, `of_truth` that of the true one.
    """

    row: int
    picture: Picture
    true: int
    taken: int
    confidence: float
    of_truth: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two classes of which the first is taken for the second; `share` is of the images of the
    first.
    """

    true: str
    taken: str
    count: int
    share: float
    examples: Sequence[Mistake]


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of the first layer as one picture; `shown` says how many units it has."""

    layer: str
    shown: str
    picture: Picture


@dataclass(frozen=True, slots=True)
class ShownImage:
    """The image whose way through the layers is shown, and its most probable classes."""

    row: int
    split: str
    label: str
    picture: Picture
    probabilities: Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class _OfModel:
    """What the page shows of the model itself, for which it has to be opened."""

    weights: Weights | None
    layers: Sequence[layer_outputs.LayerOutput]
    image: ShownImage
    network: inference.Network
    in_page: ModelInPage | str


@dataclass(frozen=True, slots=True)
class RunPage:
    """What the template `run.html` shows.

    Attributes:
        scores: those of the test images, or else of the validation images; `part` says which.
        confusion: counts, each with its share of the true class.
        worst_of_class: the worst mistakes of each class, or nothing without answers to the test
            images.
        why_below: why the curves of training lie below those of validation; empty if they do not.
        settings: name, value and source of each.
        facts: names and values that let a reader trace the figures.
        examples: images for the confusion matrix and for the model in the page, as JSON can hold
            them.
        model: the model in the page, as JSON can hold it; None where there is none.
        why_no_model: why there is none; empty where there is one.
    """

    run: Run
    title: str
    record: Record
    measured: Metrics
    scores: StoredScores | None
    probabilistic: Sequence[columns.Score]
    part: str
    names: Sequence[str]
    model_bytes: int
    settings: Sequence[tuple[str, str, str]]
    facts: Sequence[tuple[str, str]]
    curves: Sequence[charts.Chart]
    why_below: str
    reliability: charts.Chart | None
    confusion: Sequence[Sequence[tuple[int, float]]]
    pairs: Sequence[Pair]
    worst: Sequence[Mistake]
    worst_of_class: Sequence[Sequence[Mistake]]
    weights: Weights | None
    layers: Sequence[layer_outputs.LayerOutput]
    image: ShownImage
    examples: Mapping[str, object]
    model: Mapping[str, object] | None
    why_no_model: str
    script: Script


def write_run_page(run: Run, splits: Splits, image: int = 0) -> Path:
    """Write report.html into the run folder and return its path.

    Args:
        splits: the data that the run trained on.
        image: row of the test images (of the validation images where there are no test images)
            whose way through the layers is shown.

    Raises:
        InputError: the run is not complete, other data is given, or there is no such image.
    """
    require_keras_only(run.model)
    record = run.read_record()
    measured = run.read_metrics()
    history = run.read_history()
    _require_same_data(run, record, splits)
    answers = run.read_test_predictions()
    shown = _shown_part(splits)
    if not 0 <= image < len(shown):
        raise InputError(f"--image {image}: expected a row from 0 to {len(shown) - 1}")
    if answers is not None:
        _require_same_images(run, answers, splits.test)
    page = _page(
        run,
        splits,
        record,
        measured,
        history,
        answers,
        _through_model(run, measured, splits, image),
    )
    write_atomic(run.page, render("run.html", page))
    return run.page


def _page(
    run: Run,
    splits: Splits,
    record: Record,
    measured: Metrics,
    history: Sequence[Mapping[str, float]],
    answers: TestPredictions | None,
    model: _OfModel,
) -> RunPage:
    scores = measured.test or measured.valid
    worst_of_class = [
        _worst(answers, splits.test, WORST_OF_CLASS, label) for label in range(splits.classes)
    ]
    return RunPage(
        run=run,
        title=run.name,
        record=record,
        measured=measured,
        scores=scores,
        probabilistic=columns.PROBABILISTIC,
        part="test" if measured.test else "validation",
        names=splits.class_names,
        model_bytes=run.model.stat().st_size,
        settings=card.settings(record.recipe),
        facts=[*card.facts(run), ("test split", _openings(run))],
        curves=charts.curves(history, record.best_epoch),
        why_below=why_training_lies_below(history, record, model.network),
        reliability=(
            charts.reliability(scores.reliability) if scores and scores.reliability else None
        ),
        confusion=_shares(scores.confusion) if scores else [],
        pairs=_pairs(scores, answers, splits),
        worst=_worst(answers, splits.test, WORST),
        worst_of_class=worst_of_class if answers else [],
        weights=model.weights,
        layers=model.layers,
        image=model.image,
        examples=asdict(
            examples.gather(_shown_part(splits), answers, model.image.row, model.image.split)
        ),
        model=None if isinstance(model.in_page, str) else asdict(model.in_page),
        why_no_model=model.in_page if isinstance(model.in_page, str) else "",
        script=modules(_MODULES),
    )


def _through_model(run: Run, measured: Metrics, splits: Splits, row: int) -> _OfModel:
    """Open the model once, and read its first weights and its answer to one image, layer by
    layer.
    """
    image = _shown_part(splits).images[row]
    with inference.open_run(run, wait=False) as predictor:
        predictor.require(splits.image_shape, splits.classes)
        probabilities = predictor(image[None])[0]
        weights = _first_weights(predictor, splits.image_shape)
        layers = layer_outputs.through_layers(predictor, image)
        network = predictor.network
        in_page = model_in_page(
            predictor, splits.image_shape, splits.train.images, _temperature(measured)
        )
    return _OfModel(weights, layers, _shown_image(splits, row, probabilities), network, in_page)


def _temperature(measured: Metrics) -> float:
    """The temperature that was fitted on the validation images; 1 where none was."""
    scaled = measured.test.temperature if measured.test else None
    return scaled.value if scaled else 1.0


def _shown_part(splits: Splits) -> Split:
    """The test images, or the validation images where there are none."""
    return splits.test if splits.test is not None else splits.valid


def _shown_image(splits: Splits, row: int, probabilities: NDArray[np.floating]) -> ShownImage:
    """The image whose way through the layers is shown, with its five most probable classes."""
    part = _shown_part(splits)
    ranked = sorted(zip(probabilities.tolist(), splits.class_names, strict=True), reverse=True)
    return ShownImage(
        row=row,
        split="test" if splits.test is not None else "validation",
        label=splits.class_names[part.labels[row]],
        picture=pictures.photo(part.images[row]),
        probabilities=ranked[:5],
    )


def _require_same_data(run: Run, record: Record, splits: Splits) -> None:
    data = record.dataset
    if (data.image_shape, data.class_names) != (splits.image_shape, tuple(splits.class_names)):
        raise InputError(
            f"{run.folder}: trained on {data.name}, got {splits.name}: other classes or images"
        )


def _require_same_images(run: Run, answers: TestPredictions, test: Split | None) -> None:
    fits = (
        test is not None
        and len(test) == len(answers.labels)
        and datasets.fingerprint(test.images, test.labels) == answers.fingerprint
    )
    if not fits:
        raise InputError(
            f"{run.test_predictions}: made for other test rows than those given: name the same data"
            " with --dataset and --test"
        )


def _openings(run: Run) -> str:
    if not run.openings.exists() and run.read_metrics().test:
        return "opened; the log of it is not in this folder"
    return f"opened {run.count_openings()} times, by this folder's log"


def _shares(confusion: Sequence[Sequence[int]]) -> list[list[tuple[int, float]]]:
    """Counts, each with its share of the true class."""
    return [[(count, count / max(sum(row), 1)) for count in row] for row in confusion]


def _pairs(
    scores: StoredScores | None, answers: TestPredictions | None, splits: Splits
) -> list[Pair]:
    """The most confused pairs of classes, each with its worst examples."""
    if scores is None:
        return []
    return [
        Pair(
            true=splits.class_names[true],
            taken=splits.class_names[taken],
            count=count,
            share=count / sum(scores.confusion[true]),
            examples=_worst(answers, splits.test, 4, true, taken),
        )
        for true, taken, count in measures.confused_pairs(scores.confusion, PAIRS)
    ]


def _worst(
    answers: TestPredictions | None,
    test: Split | None,
    count: int,
    true: int | None = None,
    taken: int | None = None,
) -> list[Mistake]:
    """The mistakes with the least probability for the true class, of one class or one pair of
    classes if named.
    """
    if answers is None or test is None:
        return []
    wrong = ~answers.right
    if true is not None:
        wrong &= answers.labels == true
    if taken is not None:
        wrong &= answers.predicted == taken
    rows = np.flatnonzero(wrong)
    rows = rows[np.argsort(answers.of_truth[rows], kind="stable")][:count]
    return [
        Mistake(
            row=int(row),
            picture=pictures.photo(test.images[row]),
            true=int(answers.labels[row]),
            taken=int(answers.predicted[row]),
            confidence=float(answers.confidence[row]),
            of_truth=float(answers.of_truth[row]),
        )
        for row in rows
    ]


def _first_weights(predictor: inference.ConfinedPredictor, shape: ImageShape) -> Weights | None:
    """The kernels that see the image itself: of a dense layer as images, of a convolution as they
    are. In colour, each is the mean of its three colours.
    """
    height, width = shape[:2]
    colours = channels_of(shape)
    for layer in predictor.weights():
        kernel = layer.values[0]
        if layer.class_name == "Dense" and kernel.ndim == 2 and len(kernel) == values_of(shape):
            tiles = kernel.T.reshape(-1, height, width, colours).mean(axis=3)
        elif layer.class_name == "Conv2D" and kernel.ndim == 4 and kernel.shape[2] == colours:
            tiles = np.moveaxis(kernel.mean(axis=2), 2, 0)
        else:
            continue
        shown = tiles[:UNITS]
        of_all = f"{len(shown)} of {len(tiles)}" if len(shown) < len(tiles) else f"{len(shown)}"
        return Weights(layer.name, of_all, pictures.montage(shown, UNITS_IN_ROW))
    return None
