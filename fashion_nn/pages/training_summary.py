"""What a training leaves to look at: its curves, and what its first layer has learned."""

import math
from collections.abc import Iterator, Mapping, Sequence

from fashion_nn import inference
from fashion_nn.datasets import Splits
from fashion_nn.inference import Layer, Network
from fashion_nn.pages import figures
from fashion_nn.pages.card import write_card
from fashion_nn.runs import Record, Run

_FAR = 0.02
"""Difference of accuracies from which on it is explained why training lies below validation."""


def why_training_lies_below(
    history: Sequence[Mapping[str, float]], record: Record, network: Network
) -> str:
    """What makes the figures of training worse than those of validation, in one sentence.

    It is empty where the accuracy of training is not below that of validation at the best epoch, or
    where neither dropout nor augmentation explains it.

    Args:
        history: one row for each epoch.
        record: of the run.
        network: of its model.
    """
    best = next((row for row in history if row["epoch"] == record.best_epoch), {})
    if best.get("val_accuracy", 0.0) - best.get("accuracy", 1.0) < _FAR:
        return ""
    reasons = ["with dropout"] if any(map(_drops, network.leaves())) else []
    if any(_augmentation(record)):
        reasons.append("on augmented images")
    if not reasons:
        return ""
    return (
        f"Training is measured {' and '.join(reasons)}, validation without: so training lies below"
    )


def _drops(layer: Layer) -> bool:
    return "Dropout" in layer.class_name and bool(layer.arguments.get("rate"))


def _augmentation(record: Record) -> Iterator[object]:
    settings = record.recipe.to_json().get("augment")
    if isinstance(settings, dict):
        yield from settings.values()


def describe_training(run: Run, splits: Splits) -> None:
    """Draw curves.png, and weights.png when the model begins with a dense layer on all pixels;
    write the card.
    """
    code = run.read_record().code
    if code and code.own_layers:  # then the file cannot be opened without this code
        _draw_curves(run, splits)
        write_card(run)
        return
    with inference.open_model(run.model, wait=False) as predictor:
        _draw_curves(run, splits, predictor.network)
        first = next(iter(predictor.weights()), None)
    if (
        first
        and first.class_name == "Dense"
        and len(first.values[0]) == math.prod(splits.image_shape)
    ):
        figures.first_layer_weights(first.values[0], splits.image_shape, run.figure("weights"))
    write_card(run)


def _draw_curves(run: Run, splits: Splits, network: Network | None = None) -> None:
    if history := run.read_history():
        smoothing = run.read_record().recipe.to_json().get("label_smoothing")
        note = f"; the training loss is of labels smoothed by {smoothing}" if smoothing else ""
        why = why_training_lies_below(history, run.read_record(), network) if network else ""
        title = f"{run.name} on {splits.name}{note}\n{why}".rstrip()
        figures.curves(history, run.figure("curves"), title=title)
