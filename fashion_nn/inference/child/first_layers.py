"""Looks at what the first layers of a model get, in the confined process.

Normalization and BatchNormalization store mean and variance of what they got in training. On the
scale of the training they get the same again.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn.inference.shared.first_layers import FirstLayers
from fashion_nn.inference.shared.keras_model import BuiltModel

if TYPE_CHECKING:
    import keras

_FLOOR = 1e-3
"""Share of the average variance below which the variance of a channel does not count."""
_HUGE = 1e30


class _Enough(Exception):
    """All that is looked for has been seen."""


class Look:
    """Watches the layers of a model while it runs.

    Args:
        counted: number of images that count for the figures; those after them are extreme ones.
        wants_normalisation: whether the model has a layer with stored mean and variance.
    """

    def __init__(self, counted: int, wants_normalisation: bool):
        self._counted = counted
        self._kernel_input: np.ndarray | None = None
        self._misfit: float | None = None
        self._normalisation: str | None = None
        self._wants_normalisation = wants_normalisation

    def run(self, model: "keras.Model", array: np.ndarray) -> FirstLayers | None:
        """Feed `array` to `model`, as far as needed; None where no layer with a kernel was seen."""
        import keras

        layer_class = keras.layers.Layer
        call = layer_class.__call__

        def watched(layer: Any, *arguments: Any, **keywords: Any) -> Any:
            if arguments and not isinstance(layer, keras.Model):
                self._see(layer, arguments[0])
            return call(layer, *arguments, **keywords)

        layer_class.__call__ = watched
        try:
            model(array, training=False)
        except Exception:
            # Keras may wrap what is raised inside a layer.
            if not self._is_done():
                raise
        finally:
            layer_class.__call__ = call
        return self._figures()

    def _see(self, layer: "keras.layers.Layer", given: Any) -> None:
        if not hasattr(given, "shape"):
            return
        stored = _stored(layer, len(given.shape))
        if stored is not None:
            if self._misfit is None:
                values = np.asarray(given, np.float64)[: self._counted]
                self._misfit = _misfit(values, *stored)
                self._normalisation = type(layer).__name__
        elif layer.weights and self._kernel_input is None:
            self._kernel_input = np.asarray(given, np.float64)
        if self._is_done():
            raise _Enough

    def _is_done(self) -> bool:
        seen = self._misfit is not None or not self._wants_normalisation
        return seen and self._kernel_input is not None

    def _figures(self) -> FirstLayers | None:
        if self._kernel_input is None:
            return None
        counted = self._kernel_input[: self._counted]
        return FirstLayers(
            lowest=_finite(self._kernel_input.min()),
            highest=_finite(self._kernel_input.max()),
            mean=_finite(counted.mean()),
            deviation=_finite(counted.std()),
            misfit=self._misfit,
            normalisation=self._normalisation,
        )


def is_trained(built: BuiltModel) -> bool:
    """Whether a bias of the model has another value than before the training: 0, or 1 in an LSTM.

    A model without biases counts as trained.
    """
    biases = [
        weight
        for layer in built.leaves()
        for weight in layer.weights
        if weight.name in ("bias", "beta")
    ]
    return not biases or any(not np.isin(bias, (0, 1)).all() for bias in biases)


def has_stored(layer: "keras.layers.Layer") -> bool:
    """Whether `layer` has stored mean and variance of its input."""
    return type(layer).__name__ in ("BatchNormalization", "Normalization")


def _stored(layer: "keras.layers.Layer", axes: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Mean and variance that `layer` has stored, in a shape that broadcasts with its input."""
    if not has_stored(layer) or getattr(layer, "invert", False):
        return None
    if type(layer).__name__ == "Normalization":
        return np.asarray(layer.mean, np.float64), np.asarray(layer.variance, np.float64)
    shape = [1] * axes
    shape[layer.axis] = -1
    moving = (layer.moving_mean, layer.moving_variance)
    mean, variance = (np.asarray(each, np.float64).reshape(shape) for each in moving)
    return mean, variance + layer.epsilon


def _misfit(values: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> float:
    """Average over the channels of log(1 + d), d the Kullback-Leibler divergence of two normal
    distributions: that of `values` (n, ...) from the stored one.
    """
    shape = (1,) * (values.ndim - mean.ndim) + mean.shape
    mean = mean.reshape(shape)
    variance = variance.reshape(shape)
    axes = tuple(axis for axis, size in enumerate(shape) if size == 1)
    floor = _FLOOR * variance.mean() + 1e-12
    here = values.mean(axis=axes, keepdims=True)
    ratio = (values.var(axis=axes, keepdims=True) + floor) / (variance + floor)
    apart = (here - mean) ** 2 / (variance + floor)
    return _finite(np.log1p((ratio + apart - 1 - np.log(ratio)) / 2).mean())


def _finite(value: Any) -> float:
    return float(np.nan_to_num(value, nan=_HUGE, posinf=_HUGE, neginf=-_HUGE))
