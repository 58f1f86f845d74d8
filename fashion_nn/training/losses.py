"""The loss that a training minimises."""

from collections.abc import Callable

from keras import ops

# Keras' own lower bound of a probability before its logarithm is taken.
_LEAST = 1e-7


def cross_entropy(smoothing: float) -> str | Callable:
    """The cross-entropy as a loss for `compile`, in nats per image.

    It takes labels, whole numbers (n,), and probabilities, (n, k).

    Args:
        smoothing: share of each label that is spread over all k classes; 0 gives Keras' own loss.

    Source: C. Szegedy et al., Rethinking the Inception Architecture for Computer Vision (2016),
    section 7.
    """
    if not smoothing:
        return "sparse_categorical_crossentropy"

    def smoothed_cross_entropy(labels, probabilities):
        logarithms = ops.log(ops.clip(probabilities, _LEAST, 1 - _LEAST))
        column = ops.reshape(ops.cast(labels, "int32"), (-1, 1))
        of_label = ops.take_along_axis(logarithms, column, axis=1)[:, 0]
        return -(1 - smoothing) * of_label - smoothing * ops.mean(logarithms, axis=1)

    return smoothed_cross_entropy
