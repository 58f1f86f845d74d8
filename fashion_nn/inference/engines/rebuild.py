"""A model as a Keras model in this process, for what needs one: saving it in another format."""

from typing import TYPE_CHECKING

from fashion_nn.inference.engines.confined_keras import ConfinedPredictor
from fashion_nn.inference.shared.keras_model import Built

if TYPE_CHECKING:
    import keras


def rebuild(predictor: ConfinedPredictor) -> "keras.Model":
    """The model of `predictor`, uncompiled, made anew from its allowed architecture and its weights.

    Nothing of the file is opened here: its process has read and tried the model, and gives plain numbers.

    Raises:
        InputError: the model cannot be built or run.
    """
    stored = iter(predictor.weights())
    built = Built(predictor.network)
    for layer in predictor.network.leaves():
        targets = built.weights(layer)
        for target, value in zip(targets, next(stored).values if targets else (), strict=True):
            target.assign(value)
        built.finish(layer)
    return built.model
