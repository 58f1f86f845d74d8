"""What a training leaves to look at: its curves, and what its first layer has learned."""

import math

from fashion_nn import inference
from fashion_nn.datasets import Splits
from fashion_nn.pages import figures
from fashion_nn.pages.card import write_card
from fashion_nn.runs import Run


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
        _draw_curves(run, splits)
        first = next(iter(predictor.weights()), None)
    if (
        first
        and first.class_name == "Dense"
        and len(first.values[0]) == math.prod(splits.image_shape)
    ):
        figures.first_layer_weights(first.values[0], splits.image_shape, run.figure("weights"))
    write_card(run)


def _draw_curves(run: Run, splits: Splits) -> None:
    if history := run.read_history():
        smoothing = run.read_record().recipe.to_json().get("label_smoothing")
        note = f"; the training loss is of labels smoothed by {smoothing}" if smoothing else ""
        title = f"{run.name} on {splits.name}{note}"
        figures.curves(history, run.figure("curves"), title=title)
