"""The Muon optimizer, for the kernels of convolutions too."""

import keras
import tensorflow as tf
from keras import ops

_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
_STEPS = 5
_RMS = 0.2  # that of an update, times the rate: what Adam's updates have, so that rates mean the same for both
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7


class Muon(keras.optimizers.Optimizer):
    """Momentum whose direction is made orthogonal, for kernels; Adam for everything else.

    A kernel is taken as the matrix (all but the last axis, channels out), m x n, and its averaged gradient is replaced
    by the nearest matrix with orthonormal rows or columns, roughly, times 0.2 · √max(m, n). Biases, normalisation, and
    the last kernel in the model's order, whose columns are classes, are Adam's, without weight decay. Keras has a Muon
    for dense kernels only.

    Args:
        learning_rate: for both.
        momentum: Nesterov's, of the kernels.
        weight_decay: of the kernels, decoupled: a share of them per step and rate.
        dtype: in which the products are computed.

    Source: K. Jordan et al., Muon: an optimizer for hidden layers in neural networks (2024); its scale from J. Liu et
    al., Muon is scalable for LLM training (2025); D. P. Kingma, J. Ba, Adam (2015).
    """

    def __init__(self, learning_rate, momentum: float, weight_decay: float = 0.0, dtype: str = "float32"):
        super().__init__(learning_rate=learning_rate, weight_decay=weight_decay or None, name="muon")
        self.momentum, self.dtype = momentum, dtype

    def build(self, variables: list[keras.Variable]) -> None:
        if self.built:
            return
        kernels = [variable for variable in variables if len(variable.shape) > 1][:-1]
        others = [variable for variable in variables if not any(variable is kernel for kernel in kernels)]
        if self.weight_decay:
            self.exclude_from_weight_decay(var_list=others)
        super().build(variables)
        self._averages = self.add_optimizer_variables(variables, "average")
        squares = self.add_optimizer_variables(others, "square")
        self._squares = dict(zip(map(self._get_variable_index, others), squares, strict=True))

    def get_config(self) -> dict:
        names = ("learning_rate", "weight_decay")
        return {name: super(Muon, self).get_config()[name] for name in names} | {
            "momentum": self.momentum,
            "dtype": self.dtype,
        }

    def update_step(self, gradient, variable, learning_rate) -> None:
        index = self._get_variable_index(variable)
        gradient, rate = ops.cast(gradient, variable.dtype), ops.cast(learning_rate, variable.dtype)
        step = self._adam if index in self._squares else self._orthogonal
        self.assign_sub(variable, rate * step(gradient, index))

    def _orthogonal(self, gradient, index: int):
        average = self._averages[index]
        self.assign(average, self.momentum * average + (1 - self.momentum) * gradient)
        ahead = self.momentum * average + (1 - self.momentum) * gradient
        matrix = ops.reshape(ahead, (-1, gradient.shape[-1]))
        scale = _RMS * max(matrix.shape) ** 0.5
        return scale * ops.reshape(ops.cast(orthogonal(matrix, self.dtype), gradient.dtype), gradient.shape)

    def _adam(self, gradient, index: int):
        average, square = self._averages[index], self._squares[index]
        self.assign(average, _BETA_1 * average + (1 - _BETA_1) * gradient)
        self.assign(square, _BETA_2 * square + (1 - _BETA_2) * ops.square(gradient))
        step = ops.cast(self.iterations + 1, gradient.dtype)
        correction = ops.sqrt(1 - ops.power(_BETA_2, step)) / (1 - ops.power(_BETA_1, step))
        return correction * average / (ops.sqrt(square) + _EPSILON)


def orthogonal(matrix: tf.Tensor, dtype: str = "float32") -> tf.Tensor:
    """A matrix with the singular vectors of `matrix`, and singular values between about 0.7 and 1.2.

    Five steps of an iteration whose polynomial climbs steeply from 0; in bfloat16 as well as in float32.

    Args:
        matrix: (m, n), of known size.
        dtype: in which is computed, and of the result.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = tf.transpose(matrix) if tall else matrix
    x = tf.cast(x / (tf.norm(x) + _EPSILON), dtype)
    linear, cubic, quintic = _NEWTON_SCHULZ
    for _ in range(_STEPS):
        gram = tf.matmul(x, x, transpose_b=True)
        x = linear * x + tf.matmul(cubic * gram + quintic * tf.matmul(gram, gram), x)
    return tf.transpose(x) if tall else x
