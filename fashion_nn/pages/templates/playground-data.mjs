// @ts-check
// What can be set, and what follows from a seed: points, their order, and the initial weights.
import { SeedRandom } from "./playground-random.mjs";

/**
 * @typedef {object} Settings
 * @property {string} dataset one of DATASETS, or "own"
 * @property {string[]} features names in FEATURES, in their order
 * @property {number[]} hidden number of neurons of each hidden layer
 * @property {string} activation relu, tanh, sigmoid or linear
 * @property {number} learningRate
 * @property {number} batchSize
 * @property {number} trainPercent percentage of the points that are trained on
 * @property {string} regularization none, L1 or L2
 * @property {number} regularizationRate
 * @property {number} noise in per cent
 * @property {string} seed
 * @property {boolean} zeroInit whether weights and biases start at 0
 */

/** @typedef {[number, number, number]} Point x, y, and the target, or the number of the class */

/**
 * Data of the user.
 * @typedef {object} OwnData
 * @property {Point[]} points with the number of the class
 * @property {string[]} classes names of the classes
 */

/**
 * Everything that is random in a training.
 * @typedef {object} Start
 * @property {Point[]} points the training points first
 * @property {number} trainPoints number of training points
 * @property {number} classes 0 for a regression
 * @property {Float64Array[]} layers of each unit of a layer its weights, then its bias
 */

export const DATASETS = ["circle", "xor", "gauss", "spiral", "reg-plane", "reg-gauss"];
export const ACTIVATIONS = ["relu", "tanh", "sigmoid", "linear"];
export const REGULARIZATIONS = ["none", "L1", "L2"];

/** @type {Record<string, (x: number, y: number) => number>} */
export const FEATURES = {
  x1: (x) => x,
  x2: (_, y) => y,
  "x1^2": (x) => x * x,
  "x2^2": (_, y) => y * y,
  x1x2: (x, y) => x * y,
  sin_x1: (x) => Math.sin(x),
  sin_x2: (_, y) => Math.sin(y),
};

/** @param {string} dataset */
export const isRegression = (dataset) => dataset.startsWith("reg-");

/**
 * Number of points of a data set.
 * @param {Settings} settings
 * @param {OwnData | null} own
 */
export function countPoints(settings, own) {
  if (settings.dataset === "own") return own ? own.points.length : 0;
  return isRegression(settings.dataset) ? 1200 : 500;
}

/**
 * Number of training points.
 * @param {Settings} settings
 * @param {OwnData | null} own
 */
export function countTrainPoints(settings, own) {
  const percent = Math.round(settings.trainPercent * 1e9) / 1e9;
  return Math.floor((countPoints(settings, own) * percent) / 100);
}

/**
 * Number of units of each layer, with inputs and outputs. Two classes need one output, as in the
 * Playground; more need one for each class.
 * @param {Settings} settings
 * @param {number} classes
 */
export function shapeOf(settings, classes) {
  return [settings.features.length, ...settings.hidden, classes > 2 ? classes : 1];
}

/**
 * Data and initial weights, as the Playground has them after it was opened with this seed.
 * @param {Settings} settings
 * @param {OwnData | null} own
 * @returns {Start}
 */
export function start(settings, own) {
  const stream = new SeedRandom(settings.seed);
  const classes = classesOf(settings, own);
  const points = settings.dataset === "own" && own ? targetsOf(own) : generate(settings, stream);
  stream.shuffle(points);
  const shape = shapeOf(settings, classes);
  const layers = shape.slice(1).map((units, index) => {
    const before = shape[index];
    const layer = new Float64Array(units * (before + 1));
    for (let unit = 0; unit < units; unit++) {
      for (let input = 0; input < before; input++) {
        const drawn = stream.random() - 0.5;
        layer[unit * (before + 1) + input] = settings.zeroInit ? 0 : drawn;
      }
      layer[unit * (before + 1) + before] = settings.zeroInit ? 0 : 0.1;
    }
    return layer;
  });
  return { points, trainPoints: countTrainPoints(settings, own), classes, layers };
}

/**
 * @param {Settings} settings
 * @param {OwnData | null} own
 */
export function classesOf(settings, own) {
  if (settings.dataset === "own" && own) return Math.max(2, own.classes.length);
  return isRegression(settings.dataset) ? 0 : 2;
}

/**
 * @param {OwnData} own
 * @returns {Point[]}
 */
function targetsOf(own) {
  if (own.classes.length > 2) return own.points.map(([x, y, label]) => [x, y, label]);
  return own.points.map(([x, y, label]) => [x, y, label ? 1 : -1]);
}

/**
 * The data set, not yet shuffled.
 * @param {Settings} settings
 * @param {SeedRandom} stream
 * @returns {Point[]}
 */
function generate(settings, stream) {
  const count = countPoints(settings, null);
  return GENERATORS[settings.dataset](count, settings.noise / 100, stream);
}

/** @type {Record<string, (count: number, noise: number, stream: SeedRandom) => Point[]>} */
const GENERATORS = {
  circle: circlePoints,
  xor: xorPoints,
  gauss: gaussPoints,
  spiral: spiralPoints,
  "reg-plane": planePoints,
  "reg-gauss": hillPoints,
};

/**
 * @param {number} count
 * @param {number} noise
 * @param {SeedRandom} stream
 * @returns {Point[]}
 */
function circlePoints(count, noise, stream) {
  const radius = 5;
  /** @type {Point[]} */
  const points = [];
  for (const [low, high] of [
    [0, radius * 0.5],
    [radius * 0.7, radius],
  ]) {
    for (let i = 0; i < Math.floor(count / 2); i++) {
      const r = stream.uniform(low, high);
      const angle = stream.uniform(0, 2 * Math.PI);
      const x = r * Math.sin(angle);
      const y = r * Math.cos(angle);
      const atX = x + stream.uniform(-radius, radius) * noise;
      const atY = y + stream.uniform(-radius, radius) * noise;
      points.push([x, y, Math.sqrt(atX * atX + atY * atY) < radius * 0.5 ? 1 : -1]);
    }
  }
  return points;
}

/**
 * @param {number} count
 * @param {number} noise
 * @param {SeedRandom} stream
 * @returns {Point[]}
 */
function xorPoints(count, noise, stream) {
  /** @param {number} value */
  const padded = (value) => (value > 0 ? value + 0.3 : value - 0.3);
  return Array.from({ length: count }, () => {
    const x = padded(stream.uniform(-5, 5));
    const y = padded(stream.uniform(-5, 5));
    const atX = x + stream.uniform(-5, 5) * noise;
    const atY = y + stream.uniform(-5, 5) * noise;
    return [x, y, atX * atY >= 0 ? 1 : -1];
  });
}

/**
 * @param {number} count
 * @param {number} noise
 * @param {SeedRandom} stream
 * @returns {Point[]}
 */
function gaussPoints(count, noise, stream) {
  const variance = linear(noise, 0, 0.5, 0.5, 4);
  return [1, -1].flatMap((label) =>
    Array.from({ length: Math.floor(count / 2) }, () => {
      const x = stream.normal(2 * label, variance);
      return /** @type {Point} */ ([x, stream.normal(2 * label, variance), label]);
    }),
  );
}

/**
 * @param {number} count
 * @param {number} noise
 * @param {SeedRandom} stream
 * @returns {Point[]}
 */
function spiralPoints(count, noise, stream) {
  const half = Math.floor(count / 2);
  return [1, -1].flatMap((label) =>
    Array.from({ length: half }, (_, i) => {
      const r = (i / half) * 5;
      const angle = ((1.75 * i) / half) * 2 * Math.PI + (label > 0 ? 0 : Math.PI);
      const x = r * Math.sin(angle) + stream.uniform(-1, 1) * noise;
      const y = r * Math.cos(angle) + stream.uniform(-1, 1) * noise;
      return /** @type {Point} */ ([x, y, label]);
    }),
  );
}

/**
 * @param {number} count
 * @param {number} noise
 * @param {SeedRandom} stream
 * @returns {Point[]}
 */
function planePoints(count, noise, stream) {
  return squarePlaces(count, noise, stream).map(([x, y, atX, atY]) => [
    x,
    y,
    linear(atX + atY, -10, 10, -1, 1),
  ]);
}

/**
 * Six cones of radius 2 with alternating signs; where two meet, the larger counts.
 * @param {number} count
 * @param {number} noise
 * @param {SeedRandom} stream
 * @returns {Point[]}
 */
function hillPoints(count, noise, stream) {
  const cones = [
    [-4, 2.5, 1],
    [0, 2.5, -1],
    [4, 2.5, 1],
    [-4, -2.5, -1],
    [0, -2.5, 1],
    [4, -2.5, -1],
  ];
  return squarePlaces(count, noise, stream).map(([x, y, atX, atY]) => {
    const heights = cones.map(([coneX, coneY, sign]) => {
      const distance = Math.sqrt((atX - coneX) ** 2 + (atY - coneY) ** 2);
      return sign * linear(Math.min(distance, 2), 0, 2, 1, 0);
    });
    const largest = heights.reduce((best, one) => (Math.abs(one) > Math.abs(best) ? one : best));
    return [x, y, largest];
  });
}

/**
 * Places in the square from -6 to 6, each with the one at which its target is read.
 * @param {number} count
 * @param {number} noise
 * @param {SeedRandom} stream
 */
function squarePlaces(count, noise, stream) {
  return Array.from({ length: count }, () => {
    const x = stream.uniform(-6, 6);
    const y = stream.uniform(-6, 6);
    const atX = x + stream.uniform(-6, 6) * noise;
    const atY = y + stream.uniform(-6, 6) * noise;
    return [x, y, atX, atY];
  });
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 * @param {number} atLow
 * @param {number} atHigh
 */
function linear(value, low, high, atLow, atHigh) {
  const share = (value - low) / (high - low);
  return atLow * (1 - share) + atHigh * share;
}
