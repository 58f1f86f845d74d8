// @ts-check
// What the page knows: its settings, its networks, and what is chosen on it.
import { readAddress } from "./playground-address.mjs";

/** @typedef {import("./playground-data.mjs").Settings} Settings */
/** @typedef {import("./playground-data.mjs").OwnData} OwnData */
/** @typedef {import("./playground-network.mjs").Network} Network */
/** @typedef {import("./playground-network.mjs").Losses} Losses */
/** @typedef {import("./playground-diagram.mjs").Diagram} Diagram */
/** @typedef {import("./playground-diagram.mjs").Place} Place */
/** @typedef {{id: string, claim: string, verdict: string, why: string}} Claim */
/** @typedef {{name: string, url: string, epochs: number, claims: Claim[]}} Preset */
/** @typedef {{url: string, epochs: number, seeds: number, presets: Preset[]}} PageData */

export const MOST_EPOCHS = 100_000;

/**
 * The element with this id.
 * @template {Element} [T=HTMLInputElement]
 * @param {string} id
 */
export const byId = (id) => /** @type {T} */ (/** @type {unknown} */ (document.getElementById(id)));

/** @type {PageData} */
export const data = JSON.parse(byId("data").textContent ?? "");
export const form = /** @type {HTMLFormElement} */ (document.getElementById("settings"));

export const page = {
  settings: startSettings(),
  /** @type {OwnData | null} */
  own: null,
  /** @type {Network[]} */
  networks: [],
  /** @type {Losses[][]} for each seed, from epoch 0 on */
  losses: [],
  shown: 0,
  isPlaying: false,
  until: MOST_EPOCHS,
  /** @type {Place | null} the neuron under the pointer or with the focus */
  looked: null,
  /** @type {Place} */
  chosen: { layer: 1, unit: 0 },
  /** @type {Diagram | null} */
  diagram: null,
};

/** @returns {Settings} those in the address of the page, or those that it was made with */
function startSettings() {
  if (location.hash.length > 1) {
    try {
      return readAddress(location.hash);
    } catch {
      // An address without settings leaves those of the page.
    }
  }
  return readAddress(data.url);
}

/**
 * Run an action, and show the message of its error.
 * @param {() => void} action
 */
export function attempt(action) {
  try {
    action();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), true);
  }
}

/**
 * @param {string} text
 * @param {boolean} [isWrong]
 */
export function say(text, isWrong = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("wrong", isWrong);
}
