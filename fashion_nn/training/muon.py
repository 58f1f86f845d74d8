"""The Muon optimizer, extended to the kernels of convolutions."""

import keras
import tensorflow as tf
from keras import ops

_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
_STEPS = 5
# Root mean square of an update before the learning rate. Adam's updates have about the same, so a
# learning rate means the same for both.
_RMS = 0.2
_BETA_1 = 0.9
_BETA_2 = 0.999
_EPSILON = 1e-7


@keras.saving.register_keras_serializable("fashion_nn")
class Muon(keras.optimizers.Optimizer):
    """Orthogonalised momentum for kernels, Adam for everything else.

    A kernel is treated as a matrix, m x n: all axes but the last are rows, the channels of the
    output are columns. Its averaged gradient is replaced by roughly the nearest matrix with
    orthonormal rows or columns, times 0.2 · √max(m, n). So every direction of a kernel is updated
    equally, while plain momentum is dominated by a few directions with large singular values.

    Biases, normalisation and the last kernel of the model, whose columns are classes, are updated
    by Adam without weight decay. Keras' own Muon is for dense kernels only.

    Args:
        learning_rate: a number or a schedule, for all variables.
        momentum: Nesterov momentum of the kernels.
        weight_decay: of the kernels, decoupled: a share of the weights per step and learning rate.
        dtype: in which the matrix products are computed.

    Sources: K. Jordan et al., Muon: an optimizer for hidden layers in neural networks (2024); the
    scale from J. Liu et al., Muon is scalable for LLM training (2025); D. P. Kingma, J. Ba, Adam
    (2015).
    """

    def __init__(
        self, learning_rate, momentum: float, weight_decay: float = 0.0, dtype: str = "float32"
    ):
        super().__init__(learning_rate, weight_decay=weight_decay or None, name="muon")
        self.momentum = momentum
        self.dtype = dtype

    def build(self, variables: list[keras.Variable]) -> None:
        if self.built:
            return
        kernels = [variable for variable in variables if len(variable.shape) > 1][:-1]
        of_kernels = set(map(id, kernels))
        others = [variable for variable in variables if id(variable) not in of_kernels]
        if self.weight_decay:
            self.exclude_from_weight_decay(var_list=others)
        super().build(variables)
        self._averages = self.add_optimizer_variables(variables, "average")
        squares = self.add_optimizer_variables(others, "square")
        self._squares = dict(zip(map(self._get_variable_index, others), squares, strict=True))

    def get_config(self) -> dict:
        config = super().get_config()
        return {
            "learning_rate": config["learning_rate"],
            "weight_decay": config["weight_decay"],
            "momentum": self.momentum,
            "dtype": self.dtype,
        }

    def update_step(self, gradient, variable, learning_rate) -> None:
        index = self._get_variable_index(variable)
        gradient = ops.cast(gradient, variable.dtype)
        rate = ops.cast(learning_rate, variable.dtype)
        step = self._adam if index in self._squares else self._orthogonal
        self.assign_sub(variable, rate * step(gradient, index))

    def _orthogonal(self, gradient, index: int):
        average = self._averages[index]
        self.assign(average, self.momentum * average + (1 - self.momentum) * gradient)
        ahead = self.momentum * average + (1 - self.momentum) * gradient
        matrix = ops.reshape(ahead, (-1, gradient.shape[-1]))
        scale = _RMS * max(matrix.shape) ** 0.5
        direction = ops.cast(orthogonal(matrix, self.dtype), gradient.dtype)
        return scale * ops.reshape(direction, gradient.shape)

    def _adam(self, gradient, index: int):
        average = self._averages[index]
        square = self._squares[index]
        self.assign(average, _BETA_1 * average + (1 - _BETA_1) * gradient)
        self.assign(square, _BETA_2 * square + (1 - _BETA_2) * ops.square(gradient))
        step = ops.cast(self.iterations + 1, gradient.dtype)
        correction = ops.sqrt(1 - ops.power(_BETA_2, step)) / (1 - ops.power(_BETA_1, step))
        return correction * average / (ops.sqrt(square) + _EPSILON)


def orthogonal(matrix: tf.Tensor, dtype: str = "float32") -> tf.Tensor:
    """A matrix with the singular vectors of `matrix` and singular values of about 0.7 to 1.2.

    Five steps of a Newton-Schulz iteration: an odd polynomial applied to the singular values. Its
    coefficients make it rise steeply from 0, so five steps are enough for small singular values
    too, at the price that large ones end near 1, not at it. bfloat16 is precise enough for that.

    Args:
        matrix: (m, n), of known size.
        dtype: of the computation and of the result.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = tf.transpose(matrix) if tall else matrix
    x = tf.cast(x / (tf.norm(x) + _EPSILON), dtype)
    linear, cubic, quintic = _NEWTON_SCHULZ
    for _ in range(_STEPS):
        gram = tf.matmul(x, x, transpose_b=True)
        x = linear * x + tf.matmul(cubic * gram + quintic * tf.matmul(gram, gram), x)
    return tf.transpose(x) if tall else x
