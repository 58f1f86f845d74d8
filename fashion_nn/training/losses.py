"""The loss that a training minimises."""

from typing import Any

import keras
import numpy as np
from keras import ops

from fashion_nn.core.strict_json import JsonObject

# Keras' own lower bound of a probability before its logarithm is taken.
_LEAST = 1e-7


def cross_entropy(smoothing: float) -> keras.losses.Loss:
    """The cross-entropy as a loss for `compile`, in nats per image.

    It takes labels, whole numbers (n,), and probabilities, (n, k).

    Args:
        smoothing: share of each label that is spread over all k classes; 0 gives Keras' own loss.

    Source: C. Szegedy et al., Rethinking the Inception Architecture for Computer Vision (2016),
    section 7.
    """
    if not smoothing:
        return keras.losses.SparseCategoricalCrossentropy()
    return SmoothedCrossEntropy(smoothing)


@keras.saving.register_keras_serializable("fashion_nn")
class SmoothedCrossEntropy(keras.losses.Loss):
    """See `cross_entropy`. It is registered, so that a model with it can be saved and reopened."""

    def __init__(self, smoothing: float, **of_keras: Any):
        super().__init__(**of_keras)
        self.smoothing = smoothing

    def call(self, y_true, y_pred):
        logarithms = ops.log(ops.clip(y_pred, _LEAST, 1 - _LEAST))
        column = ops.reshape(ops.cast(y_true, "int32"), (-1, 1))
        of_label = ops.take_along_axis(logarithms, column, axis=1)[:, 0]
        smoothed = self.smoothing * ops.mean(logarithms, axis=1)
        return -(1 - self.smoothing) * of_label - smoothed

    def get_config(self) -> JsonObject:
        return {**super().get_config(), "smoothing": self.smoothing}


def class_weights(kind: str | None, labels: np.ndarray, classes: int) -> dict[int, float] | None:
    """The weight of each class in the loss, as `fit` takes it; None for equal weights.

    Args:
        kind: "balanced" gives n / (classes · rows of the class), as scikit-learn does; None gives
            equal weights.
        labels: of the n training rows, whole numbers (n,).
        classes: number of classes; one without rows has the weight 0.

    >>> class_weights("balanced", np.array([0, 0, 0, 1]), 2)
    {0: 0.6666666666666666, 1: 2.0}
    """
    if kind is None:
        return None
    counts = np.bincount(labels, minlength=classes)
    weights = len(labels) / (classes * np.maximum(counts, 1)) * (counts > 0)
    return dict(enumerate(weights.tolist()))
