"""Open the test split: measure a run's model on it, log that it was opened, keep the figures."""

from typing import Any

from fashion_nn import inference, metrics
from fashion_nn.datasets import Split, Splits
from fashion_nn.errors import InputError
from fashion_nn.report import figures
from fashion_nn.runs import Run


def evaluate(run: Run, splits: Splits) -> metrics.Scores:
    """Score the run's model on `splits.test` and draw its confusion matrix and worst mistakes.

    Each call measures anew and is logged in the run folder. The first figures of a model are stored
    in metrics.json and stay there: they change only when the model does.

    Raises:
        InputError: the training is not complete, there is no test split, or it does not fit.
    """
    stored = run.read_metrics()
    if splits.test is None:
        raise InputError(f"{splits.name}: has no test rows: give a labelled CSV with --test")
    _require_fit(run, run.read_record()["dataset"], splits)
    run.log_opening("evaluate")
    probabilities = predict(run, splits.test)
    scores = metrics.score(splits.test.labels, probabilities)
    if "test" not in stored:
        del stored["model_sha256"]
        run.write_metrics(stored | {"test": scores.to_json()})
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


def _require_fit(run: Run, trained_on: dict[str, Any], splits: Splits) -> None:
    here = (list(splits.image_shape), list(splits.class_names))
    there = (trained_on["image_shape"], trained_on["class_names"])
    if here != there:
        raise InputError(
            f"{run.folder}: trained on {trained_on['name']} ({len(there[1])} classes, {there[0][0]} x {there[0][1]} "
            f"pixels), got {splits.name}: its classes or image size differ"
        )
