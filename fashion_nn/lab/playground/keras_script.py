"""A Playground set-up as a Keras script that stands alone: same points, same start, same
updates.
"""

import numpy as np

from fashion_nn.lab.playground.data import Start, start
from fashion_nn.lab.playground.settings import Settings

_FEATURES = {
    "x1": "x",
    "x2": "y",
    "x1^2": "x * x",
    "x2^2": "y * y",
    "x1x2": "x * y",
    "sin_x1": "np.sin(x)",
    "sin_x2": "np.sin(y)",
}


def keras_script(settings: Settings, epochs: int) -> str:
    """The source of the script, which needs only keras and numpy and prints the training and the
    test loss.

    The Playground's ½(o - t)² is half of Keras' squared error, and its rates fit that: L2 adds ½·rate·w², so Keras
    gets rate / 2; L1 adds rate·|w|. (With Keras' own "mse" both rates would double and the learning rate halve.)
    """
    begun = start(settings)
    parts = [
        _head(settings, epochs),
        _loss_and_features(settings),
        _L1 if _uses_l1(settings) else "",
        _model(settings),
        _training(settings),
        _numbers(begun),
        'if __name__ == "__main__":\n    model = main()\n',
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _uses_l1(settings: Settings) -> bool:
    return settings.regularization == "L1" and settings.regularization_rate > 0


def _head(settings: Settings, epochs: int) -> str:
    regularised = settings.regularization != "none"
    rate = (
        f"\nRATE = {settings.regularization_rate!r}  # of {settings.regularization}"
        if regularised
        else ""
    )
    return f'''"""TensorFlow Playground in Keras: {settings.dataset}, {settings.activation}, layers {_shape(settings)}.

{settings.url()}
"""

import keras
import numpy as np

keras.config.set_floatx("float64")  # the Playground computes in double precision

EPOCHS = {epochs}
BATCH_SIZE = {settings.batch_size}
TRAIN_POINTS = {settings.train_points}
LEARNING_RATE = {settings.learning_rate!r}{rate}
'''


def _shape(settings: Settings) -> str:
    return "-".join(map(str, settings.shape))


def _loss_and_features(settings: Settings) -> str:
    columns = ", ".join(_FEATURES[name] for name in settings.features)
    return f"""
def half_squared_error(target, output):
    return 0.5 * keras.ops.square(output - target)


def features(points):
    x, y = points[:, 0], points[:, 1]
    return np.stack([{columns}], axis=1)
"""


_L1 = '''
class PlaygroundSGD(keras.optimizers.SGD):
    """SGD with L1, in which a weight that the penalty carries across 0 stays at 0 for good.

    `keras.regularizers.L1(RATE)` has the same slope, but lets such weights swing around 0.
    """

    def build(self, variables):
        super().build(variables)
        self.alive = [self.add_variable_from_reference(one, name="alive", initializer="ones") for one in variables]

    def update_step(self, gradient, variable, learning_rate):
        if len(variable.shape) == 1:  # biases are not regularised
            self.assign_sub(variable, learning_rate * gradient)
            return
        alive = self.alive[self._get_variable_index(variable)]
        penalty = learning_rate * RATE * keras.ops.sign(variable)
        stepped = variable - learning_rate * gradient
        shrunk = stepped - penalty
        self.assign(alive, alive * keras.ops.cast(stepped * shrunk >= 0, alive.dtype))
        self.assign(variable, shrunk * alive)
'''


def _model(settings: Settings) -> str:
    l2 = settings.regularization == "L2" and settings.regularization_rate > 0
    note = "\n    # Keras' L2 penalises rate * w², the Playground ½ * rate * w²; neither touches biases here.\n    "
    penalty = "keras.regularizers.L2(RATE / 2)" if l2 else "None"
    layers = [(units, settings.activation) for units in settings.hidden]
    layers.append((1, "linear" if settings.regression else "tanh"))
    lines = "\n".join(
        f'            keras.layers.Dense({units}, activation="{name}"{", kernel_regularizer=penalty" if l2 else ""}),'
        for units, name in layers
    )
    optimizer = "PlaygroundSGD" if _uses_l1(settings) else "keras.optimizers.SGD"
    return f"""
def build():{note + f"penalty = {penalty}" if l2 else ""}
    model = keras.Sequential(
        [
            keras.Input(({len(settings.features)},)),
{lines}
        ]
    )
    # The Playground draws weights from U(-0.5, 0.5) and starts biases at 0.1; these are the ones it drew.
    model.set_weights([np.array(values) for values in START])
    model.compile(optimizer={optimizer}(LEARNING_RATE), loss=half_squared_error, jit_compile=False)
    return model
"""


def _training(settings: Settings) -> str:
    if settings.train_points % settings.batch_size == 0:
        fit = "    model.fit(x, target, batch_size=BATCH_SIZE, epochs=EPOCHS, shuffle=False, verbose=0)"
    else:
        fit = """    left_over = np.arange(TRAIN_POINTS - TRAIN_POINTS % BATCH_SIZE, TRAIN_POINTS)
    for epoch in range(EPOCHS):
        for first in range(0, TRAIN_POINTS - BATCH_SIZE + 1, BATCH_SIZE):
            rows = np.arange(first, first + BATCH_SIZE)
            if epoch > 0 and first == 0:  # what an epoch leaves over counts in the next one's first update
                rows = np.concatenate([left_over, rows])
            model.train_on_batch(x[rows], target[rows])"""
    return f"""
def loss(model, x, target):
    output = keras.ops.convert_to_numpy(model(x))
    return float(np.mean(0.5 * (output - target) ** 2))


def main():
    model = build()
    points = np.array([[float(word) for word in line.split()] for line in POINTS.strip().splitlines()])
    inputs, targets = features(points), points[:, 2:]
    x, target = inputs[:TRAIN_POINTS], targets[:TRAIN_POINTS]
{fit}
    print(f"train loss {{loss(model, x, target):.6f}}")
    print(f"test loss {{loss(model, inputs[TRAIN_POINTS:], targets[TRAIN_POINTS:]):.6f}}")
    return model
"""


def _numbers(begun: Start) -> str:
    values = [value for pair in zip(begun.weights, begun.biases, strict=True) for value in pair]
    start_lines = "\n".join(f"    {np.asarray(value).tolist()!r}," for value in values)
    table = np.column_stack([begun.points, begun.targets])
    points = "\n".join(" ".join(repr(float(value)) for value in row) for row in table)
    return f'''
# Kernel and bias of each layer before training.
START = [
{start_lines}
]

# x, y, target; the training points first, in the order in which they are used.
POINTS = """
{points}
"""
'''
