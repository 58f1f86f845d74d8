// @ts-check
// Addresses of the Playground: read as playground.tensorflow.org reads them, and written.
import { ACTIVATIONS, DATASETS, REGULARIZATIONS, isRegression } from "./playground-data.mjs";

/** @typedef {import("./playground-data.mjs").Settings} Settings */

const PLAYGROUND = "https://playground.tensorflow.org/";
const HIGHEST_NOISE = 80;
const DEFAULT_NOISE = 50;
export const MOST_LAYERS = 8;
export const MOST_NEURONS = 16;

/** @type {Record<string, string>} name of a feature → key in the address, in the page's order */
const FEATURE_KEYS = {
  x1: "x",
  x2: "y",
  "x1^2": "xSquared",
  "x2^2": "ySquared",
  x1x2: "xTimesY",
  sin_x1: "sinX",
  sin_x2: "sinY",
};

/** @returns {Settings} the settings that the Playground opens with */
export function defaults() {
  return {
    dataset: "circle",
    features: ["x1", "x2"],
    hidden: [4, 2],
    activation: "tanh",
    learningRate: 0.03,
    batchSize: 10,
    trainPercent: 50,
    regularization: "none",
    regularizationRate: 0,
    noise: 0,
    seed: "0",
    zeroInit: false,
  };
}

/**
 * The settings behind an address. An address without a seed gets "0".
 * @param {string} address
 * @returns {Settings}
 * @throws {Error} if nothing can be read from it, or a value is out of range
 */
export function readAddress(address) {
  const given = pairsOf(address);
  const found = defaults();
  /** @type {(key: string, fallback: number) => number} */
  const number = (key, fallback) => (given.get(key) ? decimal(key, given.get(key)) : fallback);
  if (given.has("networkShape")) found.hidden = readHidden(given.get("networkShape") ?? "");
  found.activation = given.get("activation") || found.activation;
  found.regularization = given.get("regularization") || found.regularization;
  found.batchSize = number("batchSize", found.batchSize);
  found.learningRate = number("learningRate", found.learningRate);
  found.regularizationRate = number("regularizationRate", found.regularizationRate);
  found.trainPercent = number("percTrainData", found.trainPercent);
  found.noise = noiseAsThere(number("noise", found.noise));
  found.seed = given.get("seed") || found.seed;
  found.zeroInit = isTrue(given.get("initZero") || "false");
  const isOfRegression = given.get("problem") === "regression";
  const fallback = isOfRegression ? "reg-plane" : found.dataset;
  found.dataset = given.get(isOfRegression ? "regDataset" : "dataset") || fallback;
  found.features = Object.entries(FEATURE_KEYS)
    .filter(([name, key]) => isTrue(given.get(key) || String(["x1", "x2"].includes(name))))
    .map(([name]) => name);
  requireValid(found);
  if (isRegression(found.dataset) !== isOfRegression) {
    throw new Error(`"${found.dataset}" is no data set of this problem`);
  }
  return found;
}

/**
 * The address that opens these settings in the Playground.
 * @param {Settings} settings
 */
export function writeAddress(settings) {
  const isOfRegression = isRegression(settings.dataset);
  const values = [
    ["activation", settings.activation],
    ["regularization", settings.regularization],
    ["batchSize", settings.batchSize],
    [isOfRegression ? "regDataset" : "dataset", settings.dataset],
    ["learningRate", plain(settings.learningRate)],
    ["regularizationRate", plain(settings.regularizationRate)],
    ["noise", plain(settings.noise)],
    ["networkShape", settings.hidden.join(",")],
    ["seed", settings.seed],
    ["percTrainData", plain(settings.trainPercent)],
    ...Object.entries(FEATURE_KEYS).map(([name, key]) => [key, settings.features.includes(name)]),
    ["problem", isOfRegression ? "regression" : "classification"],
    ["initZero", settings.zeroInit],
  ];
  return `${PLAYGROUND}#${values.map(([key, value]) => `${key}=${value}`).join("&")}`;
}

/**
 * @param {Settings} settings
 * @throws {Error} with one sentence, if a value is out of range
 */
export function requireValid(settings) {
  const { hidden, features, learningRate, regularizationRate, seed } = settings;
  const widest = Math.max(0, ...hidden);
  /** @type {[boolean, string][]} */
  const rules = [
    [[...DATASETS, "own"].includes(settings.dataset), `data set: one of ${DATASETS.join(", ")}`],
    [ACTIVATIONS.includes(settings.activation), `activation: one of ${ACTIVATIONS.join(", ")}`],
    [REGULARIZATIONS.includes(settings.regularization), "regularization: none, L1 or L2"],
    [features.length > 0, "features: at least one"],
    [hidden.length <= MOST_LAYERS, `hidden layers: at most ${MOST_LAYERS} on this page`],
    [widest <= MOST_NEURONS, `neurons of a layer: at most ${MOST_NEURONS} on this page`],
    [learningRate > 0 && learningRate < Infinity, "learning rate: a number above 0"],
    [regularizationRate >= 0 && regularizationRate < Infinity, "rate: a number from 0"],
    [settings.noise >= 0 && settings.noise <= 100, "noise: 0 to 100 per cent"],
    [settings.trainPercent > 0 && settings.trainPercent < 100, "training points: 1 to 99 per cent"],
    [Number.isInteger(settings.batchSize) && settings.batchSize > 0, "batch size: from 1"],
    [/^[^&=#%? ]{1,1000}$/.test(seed), "seed: text without spaces and & = # % ?"],
  ];
  const broken = rules.find(([holds]) => !holds);
  if (broken) throw new Error(`Expected ${broken[1]}.`);
}

/** @param {string} address */
function pairsOf(address) {
  const text = address.replace(/&(?:amp;|#38;|#x26;)+/gi, "&").replace(/\\([&=?#,])/g, "$1");
  const after = text.slice(text.search(/[#?]/) + 1);
  /** @type {Map<string, string>} */
  const given = new Map();
  for (const part of after.split("&")) {
    const [key, value] = part.split("=");
    if (value !== undefined) given.set(decoded(key).trim(), decoded(value).trim());
  }
  const known = ["activation", "dataset", "regDataset", "networkShape", "seed", "problem"];
  const others = ["batchSize", "learningRate", "noise", "percTrainData", "regularization"];
  const keys = [...known, ...others, ...Object.values(FEATURE_KEYS)];
  if (!keys.some((key) => given.has(key))) {
    throw new Error("There are no Playground settings in this address.");
  }
  return given;
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {string} text */
function readHidden(text) {
  if (!text.trim() || text.trim() === "none") return [];
  const hidden = text.split(",").map(Number);
  if (hidden.every((units) => Number.isInteger(units) && units > 0)) return hidden;
  throw new Error("Expected the neurons of each hidden layer, such as 5,5.");
}

/**
 * @param {string} key
 * @param {string | undefined} text
 */
function decimal(key, text) {
  const number = Number(text);
  if (Number.isFinite(number)) return number;
  throw new Error(`Expected a number for ${key}.`);
}

/** @param {number} noise */
function noiseAsThere(noise) {
  if (noise > HIGHEST_NOISE) return DEFAULT_NOISE;
  return Math.max(noise, 0);
}

/** @param {string} value */
const isTrue = (value) => value !== "false";

/** @param {number} number */
function plain(number) {
  const text = String(Number(number.toPrecision(12)));
  return text.includes("e") ? number.toFixed(15).replace(/\.?0+$/, "") : text;
}
