// @ts-check
// A network of the Playground and its training, in the order of operations of the Python engine.
import { FEATURES, shapeOf, start } from "./playground-data.mjs";

/** @typedef {import("./playground-data.mjs").Settings} Settings */
/** @typedef {import("./playground-data.mjs").OwnData} OwnData */
/** @typedef {import("./playground-data.mjs").Point} Point */

/** @typedef {{train: number, test: number}} Losses */

/** One network with its data; `start` gives both. */
export class Network {
  /**
   * @param {Settings} settings
   * @param {OwnData | null} own
   */
  constructor(settings, own) {
    const begun = start(settings, own);
    this.settings = settings;
    this.points = begun.points;
    this.trainPoints = begun.trainPoints;
    this.classes = begun.classes;
    this.shape = shapeOf(settings, begun.classes);
    this.layers = begun.layers;
    this.gradients = begun.layers.map((layer) => new Float64Array(layer.length));
    this.dead = begun.layers.map((layer) => new Uint8Array(layer.length));
    this.epochs = 0;
    const hidden = settings.hidden.map(() => settings.activation);
    this.activations = [...hidden, outputActivation(begun.classes)];
    this.inputs = begun.points.map(([x, y]) => featuresAt(settings, x, y));
    this.values = this.shape.map((units) => new Float64Array(units));
    this.deltas = this.shape.map((units) => new Float64Array(units));
  }

  /**
   * Train for one epoch: the training points in their fixed order, with an update after each batch.
   * Points that are left over at its end count in the first update of the next epoch.
   */
  epoch() {
    const size = this.settings.batchSize;
    const cut = this.trainPoints;
    const leftOver = cut % size;
    for (let first = 0; first + size <= cut; first += size) {
      let count = size;
      if (first === 0 && this.epochs > 0) {
        for (let index = cut - leftOver; index < cut; index++) this.backward(index);
        count += leftOver;
      }
      for (let index = first; index < first + size; index++) this.backward(index);
      this.update(count);
    }
    this.epochs += 1;
  }

  /**
   * The values of all layers for inputs, in `values`.
   * @param {Float64Array} inputs
   */
  forward(inputs) {
    this.values[0].set(inputs);
    for (let layer = 0; layer < this.layers.length; layer++) {
      const weights = this.layers[layer];
      const below = this.values[layer];
      const above = this.values[layer + 1];
      let at = 0;
      for (let unit = 0; unit < above.length; unit++) {
        let net = 0;
        for (let input = 0; input < below.length; input++) net += weights[at++] * below[input];
        above[unit] = net + weights[at++];
      }
      activate(this.activations[layer], above);
    }
    return this.values[this.values.length - 1];
  }

  /**
   * Add the gradient of the loss at one point.
   * @param {number} index
   */
  backward(index) {
    this.forward(this.inputs[index]);
    const depth = this.layers.length;
    this.fillOutputDelta(this.points[index][2]);
    for (let layer = depth - 1; layer >= 0; layer--) {
      const delta = this.deltas[layer + 1];
      multiplySlope(this.activations[layer], this.values[layer + 1], delta);
      const below = this.values[layer];
      const gradient = this.gradients[layer];
      const weights = this.layers[layer];
      const passed = this.deltas[layer].fill(0);
      let at = 0;
      for (let unit = 0; unit < delta.length; unit++) {
        for (let input = 0; input < below.length; input++) {
          passed[input] += weights[at] * delta[unit];
          gradient[at++] += delta[unit] * below[input];
        }
        gradient[at++] += delta[unit];
      }
    }
  }

  /**
   * The derivative of the loss by the output. With softmax it is the one by the net.
   * @param {number} target
   */
  fillOutputDelta(target) {
    const outputs = this.values[this.values.length - 1];
    const delta = this.deltas[this.deltas.length - 1];
    for (let unit = 0; unit < outputs.length; unit++) {
      delta[unit] = outputs[unit] - (this.classes > 2 ? Number(unit === target) : target);
    }
  }

  /**
   * Gradient step, then the one of the penalty, whose slope is taken at the weight before both.
   * @param {number} count number of points in the gradient
   */
  update(count) {
    const { learningRate, regularization, regularizationRate } = this.settings;
    const rate = learningRate / count;
    const penalty = learningRate * regularizationRate;
    this.layers.forEach((weights, layer) => {
      const gradient = this.gradients[layer];
      const dead = this.dead[layer];
      const width = this.shape[layer] + 1;
      for (let at = 0; at < weights.length; at++) {
        const old = weights[at];
        const stepped = old - gradient[at] * rate;
        gradient[at] = 0;
        const isBias = at % width === width - 1;
        if (isBias || regularization === "none") {
          weights[at] = stepped;
        } else if (regularization === "L2") {
          weights[at] = stepped - old * penalty;
        } else {
          const shrunk = stepped - Math.sign(old) * penalty;
          // A weight that the penalty carries across 0 stays there for good.
          if (stepped * shrunk < 0) dead[at] = 1;
          weights[at] = dead[at] ? 0 : shrunk;
        }
      }
    });
  }

  /**
   * Mean training and test loss.
   * @returns {Losses}
   */
  losses() {
    let train = 0;
    let test = 0;
    this.inputs.forEach((inputs, index) => {
      const loss = this.lossOf(this.forward(inputs), this.points[index][2]);
      if (index < this.trainPoints) train += loss;
      else test += loss;
    });
    const testPoints = this.inputs.length - this.trainPoints;
    return { train: train / this.trainPoints, test: test / testPoints };
  }

  /**
   * @param {Float64Array} outputs
   * @param {number} target
   */
  lossOf(outputs, target) {
    if (this.classes > 2) return -Math.log(Math.max(outputs[target], 1e-300));
    return 0.5 * (outputs[0] - target) ** 2;
  }

  /** Share of the test points that are classified right; NaN for a regression. */
  accuracy() {
    let right = 0;
    for (let index = this.trainPoints; index < this.inputs.length; index++) {
      const outputs = this.forward(this.inputs[index]);
      const target = this.points[index][2];
      const isRight =
        this.classes > 2 ? largest(outputs) === target : outputs[0] >= 0 === target > 0;
      right += Number(isRight);
    }
    return this.classes ? right / (this.inputs.length - this.trainPoints) : NaN;
  }
}

/**
 * @param {Settings} settings
 * @param {number} x
 * @param {number} y
 */
export function featuresAt(settings, x, y) {
  return Float64Array.from(settings.features, (name) => FEATURES[name](x, y));
}

/** @param {Float64Array} outputs */
export function largest(outputs) {
  return outputs.reduce((best, value, index) => (value > outputs[best] ? index : best), 0);
}

/** @param {number} classes */
export function outputActivation(classes) {
  if (classes === 0) return "linear";
  return classes > 2 ? "softmax" : "tanh";
}

/**
 * Replace nets by outputs.
 * @param {string} name
 * @param {Float64Array} values
 */
function activate(name, values) {
  if (name === "tanh") {
    for (let i = 0; i < values.length; i++) values[i] = Math.tanh(values[i]);
  } else if (name === "relu") {
    for (let i = 0; i < values.length; i++) values[i] = Math.max(values[i], 0);
  } else if (name === "sigmoid") {
    for (let i = 0; i < values.length; i++) values[i] = 1 / (Math.exp(-values[i]) + 1);
  } else if (name === "softmax") {
    const most = Math.max(...values);
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i] = Math.exp(values[i] - most);
    for (let i = 0; i < values.length; i++) values[i] /= sum;
  }
}

/**
 * Multiply `delta` by the derivative of the activation, written in terms of its output.
 * @param {string} name
 * @param {Float64Array} outputs
 * @param {Float64Array} delta
 */
function multiplySlope(name, outputs, delta) {
  for (let i = 0; i < delta.length; i++) {
    const output = outputs[i];
    if (name === "tanh") delta[i] *= 1 - output * output;
    else if (name === "relu") delta[i] *= output > 0 ? 1 : 0;
    else if (name === "sigmoid") delta[i] *= output - output * output;
  }
}
