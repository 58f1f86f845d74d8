"""Test-set evaluation: measure a run's model on the test rows, log that they were used, keep the
figures.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from fashion_nn import datasets, inference, measures, zoo
from fashion_nn.core.images import described
from fashion_nn.core.representation import html_table
from fashion_nn.core.text import printable
from fashion_nn.datasets import Split, Splits, duplicates
from fashion_nn.errors import InputError
from fashion_nn.inference.scaling import Decision, LabelledRows
from fashion_nn.pages import figures
from fashion_nn.runs import (
    CleanScores,
    DatasetRecord,
    Hardware,
    Metrics,
    Prediction,
    Run,
    StoredScores,
    Temperature,
    TestPredictions,
    require_same_model,
)
from fashion_nn.zoo import OwnBuilder

NEAR = 0.06
"""Test images within this distance of a training image are its near duplicates; see
`datasets.duplicates.check`.
"""
_WARM_UP = 1000
_NEAR_DUPLICATES: WeakKeyDictionary[Splits, np.ndarray] = WeakKeyDictionary()

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The figures of a model on test images, and what they rest on.

    Attributes:
        name: of the run or file.
        data: whose test rows were predicted.
        scores: the figures.
        probabilities: of the test images, float32 (n, classes).
        feeding: how images were given to the model; None if the user's own code built it.
        decision: how the scale of the pixels was found; None if it was asked for.
    """

    name: str
    data: Splits
    scores: measures.Scores
    probabilities: np.ndarray
    feeding: inference.Feeding | None = None
    decision: Decision | None = None

    def __repr__(self) -> str:
        return f"Evaluation({printable(self.title)}: {repr(self.scores)[7:-1]})"

    def _repr_html_(self) -> str:
        """A table of the figures of each class, for notebooks."""
        rows = [
            (name, f"{each.precision:.4f}", f"{each.recall:.4f}", f"{each.f1:.4f}", each.support)
            for name, each in zip(self.data.class_names, self.scores.per_class, strict=True)
        ]
        return html_table(repr(self), rows, ("class", "precision", "recall", "F1", "n"))

    @property
    def title(self) -> str:
        """What was measured on what, in a few words."""
        return f"{self.name} on {self.data.name}, test"

    @property
    def test(self) -> Split:
        """The test rows."""
        return test_rows(self.data)

    @property
    def pixels(self) -> str:
        """What pixels became for the model, and why."""
        if self.feeding is None:
            return "pixels as 0..255 (the model is built by its code)"
        return str(self.feeding)


def test_rows(splits: Splits) -> Split:
    """The test rows of `splits`.

    Raises:
        InputError: there are none.
    """
    if splits.test is None:
        raise InputError(f"{splits.name}: has no test rows: give a labelled CSV with --test")
    return splits.test


def evaluate(
    run: Run,
    splits: Splits,
    progress: Progress | None = None,
    *,
    own: OwnBuilder | None = None,
    scale: str = "auto",
    rows: LabelledRows | None = None,
) -> Evaluation:
    """Score the run's model on `splits.test` and draw its confusion matrix and worst mistakes.

    Each call measures anew and is logged in the run folder. The first figures of a model are stored
    in metrics.json and stay there: they change only when the model does. Beside them, for the data
    that the run trained on: a temperature fitted on its validation rows, and the accuracy on test
    images without a near duplicate in the training data. The answers to single images are stored
    too, for paired tests.

    Args:
        progress: called as progress(done, total) during the search for near duplicates, where they
            are not known yet.
        own: the user's own code that built the model, for a file that cannot be opened without it.
            The model is then built and run in this process.
        scale: of the pixels; see `inference.open_model`. What was measured on a scale that was
            asked for is neither stored nor drawn.
        rows: labelled rows by which the scale is found; None: the validation rows.

    Raises:
        InputError: `own` is not the code of the run; the training is not complete, there is no test
            split, or it does not fit.
    """
    stored = run.read_metrics()
    trained_on = run.read_record().dataset
    test = test_rows(splits)
    _require_fit(run, trained_on, splits)
    run.log_opening("evaluate")
    own_data = trained_on.is_of(splits)
    if own:
        answers = _predict_by_code(run, splits, own, own_data=own_data)
    else:
        answers = _predict(run, splits, own_data=own_data, scale=scale, rows=rows)
    require_same_model(run, stored, answers.model_sha256)
    scores = measures.score(test.labels, answers.of_test)
    fingerprint = datasets.fingerprint(test.images, test.labels)
    if scale == "auto" and _is_first(stored, scores, fingerprint):
        measured = _measured(stored, splits, scores, fingerprint, answers, progress)
        run.write_metrics(measured, answers.model_sha256)
        if run.read_test_predictions() is None:
            run.write_test_predictions(_answers(test, answers.of_test, fingerprint))
    found = Evaluation(run.name, splits, scores, answers.of_test, answers.feeding, answers.decision)
    if scale == "auto" and not _are_drawn(run, stored, scores, fingerprint):
        _draw(run, found)
    return found


def _are_drawn(run: Run, stored: Metrics, scores: measures.Scores, fingerprint: str) -> bool:
    """Whether the pictures of these answers are there already; they are then left as they are."""
    test = stored.test
    if test is None or test.fingerprint != fingerprint or test.correct != scores.correct:
        return False
    return all(run.figure(name).exists() for name in ("confusion", "mistakes"))


def _draw(run: Run, found: Evaluation) -> None:
    names = found.data.class_names
    confusion = found.scores.confusion
    figures.confusion(confusion, names, run.figure("confusion"), title=found.title)
    figures.mistakes(
        found.test.images,
        found.test.labels,
        found.probabilities,
        names,
        run.figure("mistakes"),
        title=found.title,
    )


def predict(run: Run, split: Split) -> np.ndarray:
    """Probabilities, float32 (n, classes), that the run's model gives the images of `split`."""
    with inference.open_run(run) as predictor:
        return predictor(split.images)


@dataclass(frozen=True, slots=True, eq=False)
class _Predicted:
    """Labels and probabilities of the test rows, what they cost, and probabilities of the
    validation rows.

    own_data: whether the data are those that the run was trained on, with the same rows held out.
    of_valid: None for other data, and where no rows were held out.
    """

    own_data: bool
    labels: np.ndarray
    of_test: np.ndarray
    of_valid: np.ndarray | None
    seconds: float
    multiply_adds: int | None
    model_sha256: str
    feeding: inference.Feeding | None = None
    decision: Decision | None = None


def _predict(
    run: Run, splits: Splits, *, own_data: bool, scale: str, rows: LabelledRows | None
) -> _Predicted:
    test = test_rows(splits)
    valid = splits.valid
    with inference.open_run(run, scale=scale) as predictor:
        predictor.require(splits.image_shape, splits.classes)
        if rows is None and len(valid):
            rows = LabelledRows(valid.images, valid.labels, "validation rows")
        predictor.decide(test.images, rows)
        predictor(test.images[:_WARM_UP])  # the first batch compiles
        started = time.perf_counter()
        of_test = predictor(test.images)
        seconds = time.perf_counter() - started
        of_valid = predictor(valid.images) if own_data and len(valid) else None
        return _Predicted(
            own_data=own_data,
            labels=test.labels,
            of_test=of_test,
            of_valid=of_valid,
            seconds=seconds,
            multiply_adds=predictor.multiply_adds,
            model_sha256=predictor.sha256,
            feeding=predictor.feeding,
            decision=predictor.decision,
        )


def _predict_by_code(run: Run, splits: Splits, own: OwnBuilder, *, own_data: bool) -> _Predicted:
    """The same by a model that the user's own code builds in this process."""
    from fashion_nn.training import own_model

    test = test_rows(splits)
    model, model_sha256 = own_model.load(run, splits, own)
    zoo.predict(model, test.images[:_WARM_UP], _WARM_UP)
    started = time.perf_counter()
    of_test = zoo.predict(model, test.images, _WARM_UP)
    seconds = time.perf_counter() - started
    of_valid = None
    if own_data and len(splits.valid):
        of_valid = zoo.predict(model, splits.valid.images, _WARM_UP)
    return _Predicted(
        own_data=own_data,
        labels=test.labels,
        of_test=of_test,
        of_valid=of_valid,
        seconds=seconds,
        multiply_adds=None,
        model_sha256=model_sha256,
    )


def _measured(
    stored: Metrics,
    splits: Splits,
    scores: measures.Scores,
    fingerprint: str,
    answers: _Predicted,
    progress: Progress | None,
) -> Metrics:
    """`stored`, and beside it what it lacks and could be measured: nothing that is stored
    changes.
    """
    test = StoredScores.of(scores).model_copy(update={"fingerprint": fingerprint})
    if stored.test:
        test = stored.test.completed_by(test)
    changed: dict[str, StoredScores] = {}
    if answers.of_valid is not None:
        valid = StoredScores.of(measures.score(splits.valid.labels, answers.of_valid))
        changed["valid"] = stored.valid.completed_by(valid) if stored.valid else valid
        if test.temperature is None:
            temperature = _scaled(splits.valid.labels, answers.of_valid, answers)
            test = test.model_copy(update={"temperature": temperature})
    if answers.own_data and test.without_near_duplicates is None:
        clean = _without_near_duplicates(splits, answers, progress)
        test = test.model_copy(update={"without_near_duplicates": clean})
    changed["test"] = test
    here = Hardware.here()
    prediction = Prediction(
        images=len(answers.of_test),
        seconds=round(answers.seconds, 5),
        engine="keras",
        processor=here.processor,
        cores=here.cores,
        machine=here.machine,
    )
    cost = Metrics(multiply_adds=answers.multiply_adds, prediction=prediction)
    return stored.completed_by(cost).model_copy(update=changed)


def _is_first(stored: Metrics, scores: measures.Scores, fingerprint: str) -> bool:
    """Whether no figures of other test rows are stored."""
    test = stored.test
    if test is None:
        return True
    # Older metrics.json files have no fingerprint.
    return test.fingerprint in (None, fingerprint) and test.n == scores.n


def _answers(test: Split, probabilities: np.ndarray, fingerprint: str) -> TestPredictions:
    return TestPredictions(
        labels=test.labels,
        predicted=probabilities.argmax(axis=1),
        confidence=probabilities.max(axis=1),
        of_truth=probabilities[np.arange(len(test)), test.labels],
        fingerprint=fingerprint,
    )


def _scaled(valid_labels: np.ndarray, of_valid: np.ndarray, test: _Predicted) -> Temperature:
    """The temperature fitted on validation, and the test figures that it changes."""
    value = measures.fit_temperature(valid_labels, of_valid)
    scores = measures.score(test.labels, measures.tempered(test.of_test, value))
    return Temperature(
        value=value,
        log_loss=scores.log_loss,
        log_loss_before=measures.log_loss(test.labels, test.of_test.astype(np.float64)),
        brier=scores.brier,
        calibration_error=scores.calibration_error,
    )


def _without_near_duplicates(
    splits: Splits, test: _Predicted, progress: Progress | None
) -> CleanScores:
    near = _near_duplicates(splits, progress)
    right = (test.of_test.argmax(axis=1) == test.labels)[~near]
    n = len(right)
    if not n:
        return CleanScores(distance=NEAR, n=0)
    correct = int(right.sum())
    interval = measures.wilson(correct, n)
    return CleanScores(distance=NEAR, n=n, correct=correct, accuracy=correct / n, interval=interval)


def _near_duplicates(splits: Splits, progress: Progress | None) -> np.ndarray:
    # All pairs take a third of a minute for Fashion-MNIST: searched once for all runs evaluated
    # together.
    if splits not in _NEAR_DUPLICATES:
        _NEAR_DUPLICATES[splits] = duplicates.near_train(splits, NEAR, progress)
    return _NEAR_DUPLICATES[splits]


def _require_fit(run: Run, trained_on: DatasetRecord, splits: Splits) -> None:
    there = (trained_on.image_shape, trained_on.class_names)
    if there != (splits.image_shape, tuple(splits.class_names)):
        raise InputError(
            f"{run.folder}: trained on {trained_on.name} ({len(trained_on.class_names)} classes,"
            f" {described(trained_on.image_shape)}), got {splits.name}: its classes or images"
            " differ"
        )
