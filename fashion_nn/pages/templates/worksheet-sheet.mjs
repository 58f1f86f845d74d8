// @ts-check
// The terms of an exercise, each computed from those before it, as `lab/backprop/sheet.py` has them.
// A term is a flat list of numbers, row by row.

/**
 * @typedef {object} Exercise
 * @property {number[]} layers number of units of each layer, inputs first
 * @property {string[]} activations
 * @property {number[][][]} weights of each layer, outputs × inputs
 * @property {number[][]} biases
 * @property {number[][]} inputs units × samples
 * @property {number[][]} targets units × samples
 * @property {string} loss
 * @property {number} rate
 * @property {number} share weight of one sample in the loss
 * @property {number[] | null} query
 * @property {number | null} threshold what a single output has to exceed for class 1
 */

/** @typedef {"nets" | "outputs" | "mixed"} Source what f' and the loss are taken from */

/** @type {Record<string, {apply: (z: number) => number, slope: (z: number) => number, invert: (a: number) => number}>} */
const ACTIVATIONS = {
  identity: { apply: (z) => z, slope: () => 1, invert: (a) => a },
  sigmoid: {
    apply: sigmoid,
    slope: (z) => sigmoid(z) * (1 - sigmoid(z)),
    invert: (a) => Math.log(a) - Math.log1p(-a),
  },
  tanh: { apply: Math.tanh, slope: (z) => 1 - Math.tanh(z) ** 2, invert: Math.atanh },
  relu: { apply: (z) => Math.max(z, 0), slope: (z) => Number(z > 0), invert: (a) => a },
  "leaky-relu": {
    apply: (z) => (z > 0 ? z : 0.01 * z),
    slope: (z) => (z > 0 ? 1 : 0.01),
    invert: (a) => (a > 0 ? a : a / 0.01),
  },
  softsign: {
    apply: (z) => z / (1 + Math.abs(z)),
    slope: (z) => 1 / (1 + Math.abs(z)) ** 2,
    invert: (a) => a / (1 - Math.abs(a)),
  },
};

/** @param {number} z */
function sigmoid(z) {
  return 1 / (1 + Math.exp(-z));
}

/** @param {number[][]} rows */
export const flat = (rows) => rows.flat();

/**
 * The matrix product of a matrix in rows with a flat one of `columns` columns.
 * @param {number[][]} matrix
 * @param {number[]} other
 * @param {number} columns
 */
function product(matrix, other, columns) {
  return matrix.flatMap((row) =>
    Array.from({ length: columns }, (_, column) =>
      row.reduce((sum, value, at) => sum + value * other[at * columns + column], 0),
    ),
  );
}

/** @param {number[][]} matrix */
const transposed = (matrix) => matrix[0].map((_, column) => matrix.map((row) => row[column]));

/** The terms that are written down so far; `compute` works out a further one from them. */
export class Sheet {
  /**
   * @param {Exercise} exercise
   * @param {Source} source
   * @param {Map<string, number[]>} values
   */
  constructor(exercise, source = "nets", values = new Map()) {
    this.exercise = exercise;
    this.source = source;
    this.values = new Map(values);
    this.depth = exercise.layers.length - 1;
    this.samples = exercise.inputs[0].length;
  }

  /**
   * The same terms, perhaps of an exercise with another number in it.
   * @param {Exercise} [exercise]
   * @param {Source} [source]
   */
  copy(exercise = this.exercise, source = this.source) {
    return new Sheet(exercise, source, this.values);
  }

  /** @param {string} term */
  get(term) {
    return this.values.get(term) ?? [];
  }

  /** @param {number} layer */
  output(layer) {
    return layer ? this.get(`outputs/${layer}`) : flat(this.exercise.inputs);
  }

  /** @param {number} layer */
  weight(layer) {
    return this.exercise.weights[layer - 1];
  }

  /** @param {number} layer z as f' sees it */
  net(layer) {
    return this.source === "outputs" ? this.inverted(layer) : this.get(`nets/${layer}`);
  }

  /** z of the output layer as the loss sees it */
  readNet() {
    return this.source === "nets" ? this.get(`nets/${this.depth}`) : this.inverted(this.depth);
  }

  /** @param {number} layer */
  inverted(layer) {
    const name = this.exercise.activations[layer - 1];
    return this.output(layer).map(name === "softmax" ? Math.log : ACTIVATIONS[name].invert);
  }

  /**
   * The value of a term that follows from the terms before it.
   * @param {string} term such as `nets/1` or `loss_before`
   * @returns {number[]}
   */
  compute(term) {
    const [key, number] = term.split("/");
    const layer = Number(number ?? 0);
    const { activations, rate } = this.exercise;
    switch (key) {
      case "nets":
        return this.combine(layer, this.output(layer - 1), this.samples, this.exercise);
      case "outputs":
        return apply(activations[layer - 1], this.get(`nets/${layer}`), this.samples);
      case "deltas":
        return this.delta(layer);
      case "weight_gradients":
        return this.weightGradient(layer);
      case "bias_gradients":
        return this.rows(this.get(`deltas/${layer}`)).map((row) => sum(row));
      case "updated_weights": {
        const gradient = this.get(`weight_gradients/${layer}`);
        return flat(this.weight(layer)).map((weight, at) => weight - rate * gradient[at]);
      }
      case "updated_biases": {
        const gradient = this.get(`bias_gradients/${layer}`);
        return this.exercise.biases[layer - 1].map((bias, at) => bias - rate * gradient[at]);
      }
      case "loss_before":
        return [this.lossBefore()];
      case "loss_after":
        return [this.loss(this.passUpdated(flat(this.exercise.inputs), this.samples).net)];
      case "query_output":
        return this.passUpdated(this.exercise.query ?? [], 1).output;
      default:
        return [this.classOf(this.get("query_output"))];
    }
  }

  /**
   * @param {number} layer
   * @param {number[]} below
   * @param {number} columns
   * @param {{weights: number[][][], biases: number[][]}} parameters
   */
  combine(layer, below, columns, { weights, biases }) {
    const bias = biases[layer - 1];
    return product(weights[layer - 1], below, columns).map(
      (value, at) => value + bias[Math.floor(at / columns)],
    );
  }

  /** @param {number[]} values units × samples */
  rows(values) {
    return Array.from({ length: values.length / this.samples }, (_, row) =>
      values.slice(row * this.samples, (row + 1) * this.samples),
    );
  }

  /** @param {number} layer */
  weightGradient(layer) {
    const below = this.rows(this.output(layer - 1));
    return this.rows(this.get(`deltas/${layer}`)).flatMap((delta) =>
      below.map((row) => sum(row.map((value, sample) => value * delta[sample]))),
    );
  }

  /** @param {number} layer */
  delta(layer) {
    if (layer < this.depth) {
      const above = this.get(`deltas/${layer + 1}`);
      return this.pull(layer, product(transposed(this.weight(layer + 1)), above, this.samples));
    }
    const { share, loss, activations } = this.exercise;
    const targets = flat(this.exercise.targets);
    if (this.source !== "nets" && loss === "softmax-cross-entropy" && activations.at(-1) === "softmax") {
      return this.softmaxDelta(this.output(layer)).map((value) => share * value);
    }
    const z = this.readNet();
    switch (loss) {
      case "half-squared-error":
      case "squared-error": {
        const factor = loss === "squared-error" ? 2 : 1;
        const outputs = apply(activations[layer - 1], z, this.samples);
        const error = outputs.map((value, at) => share * factor * (value - targets[at]));
        return this.pull(layer, error, this.source === "mixed" ? this.net(layer) : z);
      }
      case "softmax-cross-entropy":
        return this.softmaxDelta(softmax(z, this.samples)).map((value) => share * value);
      case "softsign-cross-entropy":
        return z.map((value, at) => {
          const y = (1 + ACTIVATIONS.softsign.apply(value)) / 2;
          return (share * 2 * (y - targets[at])) / (1 + 2 * Math.abs(value));
        });
      case "logistic-squared-error":
        return z.map((value, at) => {
          const slope = ACTIVATIONS.sigmoid.slope(value);
          return share * (sigmoid(value) - targets[at]) * slope;
        });
      default:
        return z.map((value, at) => share * (sigmoid(value) - targets[at]));
    }
  }

  /**
   * y Σt - t in each sample.
   * @param {number[]} outputs
   */
  softmaxDelta(outputs) {
    const targets = flat(this.exercise.targets);
    const columns = transposed(this.exercise.targets).map(sum);
    return outputs.map((value, at) => value * columns[at % this.samples] - targets[at]);
  }

  /**
   * From ∂E/∂a[layer] to ∂E/∂z[layer].
   * @param {number} layer
   * @param {number[]} gradient
   * @param {number[]} net
   */
  pull(layer, gradient, net = this.net(layer)) {
    const name = this.exercise.activations[layer - 1];
    if (name !== "softmax") {
      return gradient.map((value, at) => value * ACTIVATIONS[name].slope(net[at]));
    }
    const y = softmax(net, this.samples);
    const inner = transposed(this.rows(gradient.map((value, at) => value * y[at]))).map(sum);
    return gradient.map((value, at) => y[at] * (value - inner[at % this.samples]));
  }

  lossBefore() {
    const { loss, activations, share } = this.exercise;
    const isOfOutputs = loss === "softmax-cross-entropy" && activations.at(-1) === "softmax";
    if (this.source === "nets" || !isOfOutputs) return this.loss(this.readNet());
    const outputs = this.output(this.depth);
    const targets = flat(this.exercise.targets);
    return -share * sum(targets.map((t, at) => (t > 0 ? t * Math.log(outputs[at]) : 0)));
  }

  /** @param {number[]} z nets of the output layer */
  loss(z) {
    const { loss, activations, share } = this.exercise;
    const targets = flat(this.exercise.targets);
    /** @type {(value: (z: number, t: number) => number) => number} */
    const total = (value) => share * sum(z.map((net, at) => value(net, targets[at])));
    switch (loss) {
      case "half-squared-error":
      case "squared-error": {
        const factor = loss === "squared-error" ? 1 : 0.5;
        const outputs = apply(activations[this.depth - 1], z, this.samples);
        return share * factor * sum(outputs.map((value, at) => (value - targets[at]) ** 2));
      }
      case "softmax-cross-entropy": {
        const y = softmax(z, this.samples);
        return share * sum(targets.map((t, at) => (t ? -t * Math.log(y[at]) : 0)));
      }
      case "softsign-cross-entropy":
        return total((net, t) => {
          const y = (1 + ACTIVATIONS.softsign.apply(net)) / 2;
          return -t * Math.log(y) - (1 - t) * Math.log(1 - y);
        });
      case "logistic-squared-error":
        return total((net, t) => 0.5 * (sigmoid(net) - t) ** 2);
      default:
        return total((net, t) => Math.log1p(Math.exp(-Math.abs(net))) + Math.max(net, 0) - t * net);
    }
  }

  /**
   * Net and output of the last layer with the parameters after the step.
   * @param {number[]} x
   * @param {number} columns
   */
  passUpdated(x, columns) {
    const parameters = {
      weights: this.exercise.weights.map((rows, index) => {
        const width = rows[0].length;
        const values = this.get(`updated_weights/${index + 1}`);
        return rows.map((_, row) => values.slice(row * width, (row + 1) * width));
      }),
      biases: this.exercise.biases.map((_, index) => this.get(`updated_biases/${index + 1}`)),
    };
    let output = x;
    let net = x;
    this.exercise.activations.forEach((name, index) => {
      net = this.combine(index + 1, output, columns, parameters);
      output = apply(name, net, columns);
    });
    return { net, output };
  }

  /** @param {number[]} output */
  classOf(output) {
    if (output.length > 1) return output.indexOf(Math.max(...output));
    const { threshold } = this.exercise;
    return threshold === null ? NaN : Number(output[0] > threshold);
  }
}

/** @param {number[]} values */
export function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * @param {string} name
 * @param {number[]} z units × columns
 * @param {number} columns
 */
function apply(name, z, columns) {
  return name === "softmax" ? softmax(z, columns) : z.map(ACTIVATIONS[name].apply);
}

/**
 * @param {number[]} z units × columns
 * @param {number} columns
 */
function softmax(z, columns) {
  const most = Array.from({ length: columns }, (_, column) =>
    Math.max(...z.filter((_, at) => at % columns === column)),
  );
  const powers = z.map((value, at) => Math.exp(value - most[at % columns]));
  return powers.map((power, at) => power / sum(powers.filter((_, other) => (other - at) % columns === 0)));
}
