// @ts-check
// The network of the page as a Keras script, the same as `lab playground --keras` writes.
import { countTrainPoints, shapeOf, start } from "./playground-data.mjs";
import { writeAddress } from "./playground-address.mjs";
import { outputActivation } from "./playground-network.mjs";

/** @typedef {import("./playground-data.mjs").Settings} Settings */
/** @typedef {import("./playground-data.mjs").OwnData} OwnData */
/** @typedef {import("./playground-data.mjs").Start} Start */

/** @type {Record<string, string>} */
const COLUMNS = {
  x1: "x",
  x2: "y",
  "x1^2": "x * x",
  "x2^2": "y * y",
  x1x2: "x * y",
  sin_x1: "np.sin(x)",
  sin_x2: "np.sin(y)",
};

/**
 * The source of the script, which needs only keras and numpy.
 * @param {Settings} settings
 * @param {OwnData | null} own
 * @param {number} epochs
 */
export function kerasScript(settings, own, epochs) {
  const begun = start(settings, own);
  const parts = [
    head(settings, begun, epochs, countTrainPoints(settings, own)),
    lossAndFeatures(settings, begun),
    usesL1(settings) ? L1 : "",
    model(settings, begun),
    training(settings, begun),
    numbers(settings, begun),
    'if __name__ == "__main__":\n    model = main()',
  ];
  return `${parts.filter(Boolean).join("\n\n\n")}\n`;
}

/** @param {Settings} settings */
const usesL1 = (settings) => settings.regularization === "L1" && settings.regularizationRate > 0;

/** @param {Settings} settings */
const usesL2 = (settings) => settings.regularization === "L2" && settings.regularizationRate > 0;

/**
 * @param {Settings} settings
 * @param {Start} begun
 * @param {number} epochs
 * @param {number} trainPoints
 */
function head(settings, begun, epochs, trainPoints) {
  const shape = shapeOf(settings, begun.classes).join("-");
  const source = settings.dataset === "own" ? "Own data." : writeAddress(settings);
  const rate =
    settings.regularization === "none"
      ? ""
      : `\nRATE = ${pythonFloat(settings.regularizationRate)}  # of ${settings.regularization}`;
  return `"""TensorFlow Playground in Keras: ${settings.dataset}, ${settings.activation}, layers ${shape}.

${source}
"""

import keras
import numpy as np

keras.config.set_floatx("float64")  # the Playground computes in double precision

EPOCHS = ${epochs}
BATCH_SIZE = ${settings.batchSize}
TRAIN_POINTS = ${trainPoints}
LEARNING_RATE = ${pythonFloat(settings.learningRate)}${rate}`;
}

/**
 * @param {Settings} settings
 * @param {Start} begun
 */
function lossAndFeatures(settings, begun) {
  const columns = settings.features.map((name) => COLUMNS[name]).join(", ");
  const loss =
    begun.classes > 2
      ? ""
      : `def half_squared_error(target, output):
    return 0.5 * keras.ops.square(output - target)


`;
  return `${loss}def features(points):
    x, y = points[:, 0], points[:, 1]
    return np.stack([${columns}], axis=1)`;
}

const L1 = `class PlaygroundSGD(keras.optimizers.SGD):
    """SGD with L1, in which a weight that the penalty carries across 0 stays at 0 for good.

    \`keras.regularizers.L1(RATE)\` has the same slope, but lets such weights swing around 0.
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
        self.assign(variable, shrunk * alive)`;

/**
 * @param {Settings} settings
 * @param {Start} begun
 */
function model(settings, begun) {
  const note = `
    # Keras' L2 penalises rate * w², the Playground ½ * rate * w²; neither touches biases here.
    penalty = keras.regularizers.L2(RATE / 2)`;
  const penalty = usesL2(settings) ? ", kernel_regularizer=penalty" : "";
  const hidden = settings.hidden.map((units) => [units, settings.activation]);
  const output = [begun.classes > 2 ? begun.classes : 1, outputActivation(begun.classes)];
  const lines = [...hidden, output].map(
    ([units, name]) => `            keras.layers.Dense(${units}, activation="${name}"${penalty}),`,
  );
  const optimizer = usesL1(settings) ? "PlaygroundSGD" : "keras.optimizers.SGD";
  const loss = begun.classes > 2 ? '"sparse_categorical_crossentropy"' : "half_squared_error";
  return `def build():${usesL2(settings) ? note : ""}
    model = keras.Sequential(
        [
            keras.Input((${settings.features.length},)),
${lines.join("\n")}
        ]
    )
    # The Playground draws weights from U(-0.5, 0.5) and starts biases at 0.1; these are the ones it drew.
    model.set_weights([np.array(values) for values in START])
    model.compile(optimizer=${optimizer}(LEARNING_RATE), loss=${loss}, jit_compile=False)
    return model`;
}

/**
 * @param {Settings} settings
 * @param {Start} begun
 */
function training(settings, begun) {
  const fit =
    begun.trainPoints % settings.batchSize === 0
      ? "    model.fit(x, target, batch_size=BATCH_SIZE, epochs=EPOCHS, shuffle=False, verbose=0)"
      : `    left_over = np.arange(TRAIN_POINTS - TRAIN_POINTS % BATCH_SIZE, TRAIN_POINTS)
    for epoch in range(EPOCHS):
        for first in range(0, TRAIN_POINTS - BATCH_SIZE + 1, BATCH_SIZE):
            rows = np.arange(first, first + BATCH_SIZE)
            if epoch > 0 and first == 0:  # what an epoch leaves over counts in the next one's first update
                rows = np.concatenate([left_over, rows])
            model.train_on_batch(x[rows], target[rows])`;
  const loss =
    begun.classes > 2
      ? "float(np.mean(keras.losses.sparse_categorical_crossentropy(target[:, 0], output)))"
      : "float(np.mean(0.5 * (output - target) ** 2))";
  return `def loss(model, x, target):
    output = keras.ops.convert_to_numpy(model(x))
    return ${loss}


def main():
    model = build()
    points = np.array([[float(word) for word in line.split()] for line in POINTS.strip().splitlines()])
    inputs, targets = features(points), points[:, 2:]
    x, target = inputs[:TRAIN_POINTS], targets[:TRAIN_POINTS]
${fit}
    print(f"train loss {loss(model, x, target):.6f}")
    print(f"test loss {loss(model, inputs[TRAIN_POINTS:], targets[TRAIN_POINTS:]):.6f}")
    return model`;
}

/**
 * @param {Settings} settings
 * @param {Start} begun
 */
function numbers(settings, begun) {
  const shape = shapeOf(settings, begun.classes);
  const values = begun.layers.flatMap((layer, index) => {
    const before = shape[index];
    const units = Array.from({ length: shape[index + 1] }, (_, unit) => unit);
    /** @type {(unit: number, input: number) => string} */
    const at = (unit, input) => pythonFloat(layer[unit * (before + 1) + input]);
    const inputs = Array.from({ length: before }, (_, input) => input);
    const kernel = inputs.map((input) => units.map((unit) => at(unit, input)));
    const bias = units.map((unit) => at(unit, before));
    return [`[${kernel.map((row) => `[${row.join(", ")}]`).join(", ")}]`, `[${bias.join(", ")}]`];
  });
  return `# Kernel and bias of each layer before training.
START = [
${values.map((value) => `    ${value},`).join("\n")}
]

# x, y, target; the training points first, in the order in which they are used.
POINTS = """
${begun.points.map((point) => point.map(pythonFloat).join(" ")).join("\n")}
"""`;
}

/**
 * A number as Python writes a float.
 * @param {number} number
 */
function pythonFloat(number) {
  const text = String(number);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
