"""Open the test split: measure a run's model on it, log that it was opened, keep the figures."""

import time
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from fashion_nn import datasets, inference, metrics
from fashion_nn.core.environment import describe_environment
from fashion_nn.datasets import Split, Splits, duplicates
from fashion_nn.errors import InputError
from fashion_nn.report import figures
from fashion_nn.runs import Run, TestPredictions

NEAR = 0.06
"""Test images within this distance of a training image are its near duplicates; see `datasets.duplicates.check`."""
_WARM_UP = 1000
_TWINS: WeakKeyDictionary[Splits, np.ndarray] = WeakKeyDictionary()

Progress = Callable[[int, int], None]


def evaluate(run: Run, splits: Splits, progress: Progress | None = None) -> metrics.Scores:
    """Score the run's model on `splits.test` and draw its confusion matrix and worst mistakes.

    Each call measures anew and is logged in the run folder. The first figures of a model are stored
    in metrics.json and stay there: they change only when the model does. Beside them, for the data that
    the run trained on: a temperature fitted on its validation rows, and the accuracy on test images
    without a near duplicate in the training data. The answers to single images are stored too, for paired tests.

    Args:
        progress: called as progress(done, total) during the search for near duplicates, where they are not known yet.

    Raises:
        InputError: the training is not complete, there is no test split, or it does not fit.
    """
    stored, record = run.read_metrics(), run.read_record()
    if splits.test is None:
        raise InputError(f"{splits.name}: has no test rows: give a labelled CSV with --test")
    _require_fit(run, record["dataset"], splits)
    run.log_opening("evaluate")
    with inference.open_model(run.model) as predictor:
        predictor(splits.test.images[:_WARM_UP])  # the first batch compiles
        started = time.perf_counter()
        probabilities = predictor(splits.test.images)
        seconds = time.perf_counter() - started
        multiply_adds = predictor.multiply_adds
        own_data = _trained_on(record["dataset"], splits)
        of_valid = predictor(splits.valid.images) if own_data and len(splits.valid) else None
    scores = metrics.score(splits.test.labels, probabilities)
    fingerprint = datasets.fingerprint(splits.test.images, splits.test.labels)
    if _is_first(stored, scores, fingerprint):
        test = {"fingerprint": fingerprint, **scores.to_json(), **stored.get("test", {})}
        figures_of_valid = {}
        if of_valid is not None:
            figures_of_valid = {
                "valid": metrics.score(splits.valid.labels, of_valid).to_json() | stored.get("valid", {})
            }
            if "temperature" not in test:
                test["temperature"] = _scaled(splits, of_valid, probabilities)
        if own_data and "without_near_duplicates" not in test:
            test["without_near_duplicates"] = _without_twins(splits, probabilities, progress)
        hardware = describe_environment()["hardware"]
        cost = {
            "multiply_adds": multiply_adds,
            "prediction": {"images": len(probabilities), "seconds": round(seconds, 5), "engine": "keras", **hardware},
        }
        del stored["model_sha256"]
        run.write_metrics(cost | stored | figures_of_valid | {"test": test})
        if run.read_test_predictions() is None:
            run.write_test_predictions(_answers(splits.test, probabilities, fingerprint))
    title = f"{run.name} on {splits.name}, test"
    figures.confusion(scores.confusion, splits.class_names, run.figure("confusion"), title=title)
    figures.mistakes(
        splits.test.images,
        splits.test.labels,
        probabilities,
        splits.class_names,
        run.figure("mistakes"),
        title=title,
    )
    return scores


def predict(run: Run, split: Split) -> Any:
    """Probabilities, float32 (n, classes), that the run's model gives the images of `split`."""
    with inference.open_model(run.model) as predictor:
        return predictor(split.images)


def _trained_on(trained_on: dict[str, Any], splits: Splits) -> bool:
    """Whether the run held out exactly the validation rows of `splits`, so that no other row of it was left out."""
    return (trained_on["fingerprint"], trained_on.get("split_id")) == (splits.fingerprint, splits.split_id)


def _is_first(stored: dict[str, Any], scores: metrics.Scores, fingerprint: str) -> bool:
    """Whether no figures of other test rows are stored."""
    test = stored.get("test")
    # Figures without a fingerprint are from before there was one.
    return test is None or (test.get("fingerprint", fingerprint) == fingerprint and test["n"] == scores.n)


def _answers(test: Split, probabilities: np.ndarray, fingerprint: str) -> TestPredictions:
    of_truth = probabilities[np.arange(len(test)), test.labels]
    return TestPredictions(test.labels, probabilities.argmax(axis=1), probabilities.max(axis=1), of_truth, fingerprint)


def _scaled(splits: Splits, of_valid: np.ndarray, of_test: np.ndarray) -> dict[str, float]:
    """The temperature fitted on validation, and the test figures that it changes."""
    value = metrics.fit_temperature(splits.valid.labels, of_valid)
    scores = metrics.score(splits.test.labels, metrics.tempered(of_test, value))
    return {"value": value, **{name: getattr(scores, name) for name in ("log_loss", "brier", "calibration_error")}}


def _without_twins(splits: Splits, probabilities: np.ndarray, progress: Progress | None) -> dict[str, Any]:
    right = (probabilities.argmax(axis=1) == splits.test.labels)[~_twins(splits, progress)]
    n, correct = len(right), int(right.sum())
    if not n:
        return {"distance": NEAR, "n": 0}
    interval = list(metrics.wilson(correct, n))
    return {"distance": NEAR, "n": n, "correct": correct, "accuracy": correct / n, "interval": interval}


def _twins(splits: Splits, progress: Progress | None) -> np.ndarray:
    # All pairs take a third of a minute for Fashion-MNIST: searched once for all runs evaluated together.
    if splits not in _TWINS:
        _TWINS[splits] = duplicates.near_train(splits, NEAR, progress)
    return _TWINS[splits]


def _require_fit(run: Run, trained_on: dict[str, Any], splits: Splits) -> None:
    here = (list(splits.image_shape), list(splits.class_names))
    there = (trained_on["image_shape"], trained_on["class_names"])
    if here != there:
        raise InputError(
            f"{run.folder}: trained on {trained_on['name']} ({len(there[1])} classes, {there[0][0]} x {there[0][1]} "
            f"pixels), got {splits.name}: its classes or image size differ"
        )
