// @ts-check
// The network on the page: features, layers of neurons, and the connections between them.
import { FEATURES } from "./playground-data.mjs";
import { MOST_NEURONS } from "./playground-address.mjs";
import { colourOf, fillGrid, valuesOnGrid } from "./playground-drawing.mjs";

/** @typedef {import("./playground-data.mjs").Settings} Settings */
/** @typedef {import("./playground-network.mjs").Network} Network */
/** @typedef {import("./playground-drawing.mjs").View} View */
/** @typedef {{layer: number, unit: number}} Place a neuron; layer 1 is the first hidden layer */

/**
 * What the diagram asks the page to do.
 * @typedef {object} Actions
 * @property {(feature: string) => void} toggleFeature
 * @property {(layer: number, change: number) => void} changeNeurons of a hidden layer, from 0
 * @property {(place: Place, input?: number) => void} select
 * @property {(place: Place | null) => void} look
 */

const SIDE = 24; // cells in a row of the heat map of a neuron
const SIZE = 40;
const ROW = 50;
const COLUMN = 112;
const TOP = 64;
const SHOWN_NAMES = /** @type {Record<string, string>} */ ({
  x1: "x₁",
  x2: "x₂",
  "x1^2": "x₁²",
  "x2^2": "x₂²",
  x1x2: "x₁x₂",
  sin_x1: "sin x₁",
  sin_x2: "sin x₂",
});

/** @param {string} feature */
export const shownName = (feature) => SHOWN_NAMES[feature];

/**
 * How a neuron is called on the page.
 * @param {Network} network
 * @param {Place} place
 */
export function nameOf(network, { layer, unit }) {
  if (layer === 0) return shownName(network.settings.features[unit]);
  if (layer < network.layers.length) return `layer ${layer}, neuron ${unit + 1}`;
  return network.classes > 2 ? `output ${unit + 1}` : "the output";
}

/**
 * An element with attributes and children.
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** The diagram of one network; it is made anew when the shape of the network changes. */
export class Diagram {
  /**
   * @param {HTMLElement} box
   * @param {Network} network
   * @param {Actions} actions
   */
  constructor(box, network, actions) {
    this.network = network;
    this.actions = actions;
    /** @type {{canvas: HTMLCanvasElement, place: Place}[]} */
    this.maps = [];
    /** @type {SVGPathElement[][]} */
    this.links = [];
    this.box = element("div", { class: "diagram" });
    const rows = Math.max(Object.keys(FEATURES).length, ...network.shape);
    const width = 40 + network.shape.length * COLUMN;
    this.box.style.cssText = `width: ${width}px; height: ${TOP + rows * ROW}px`;
    this.addLinks(width, TOP + rows * ROW);
    this.addFeatures();
    network.shape.slice(1).forEach((units, index) => this.addLayer(index + 1, units));
    const focused = document.activeElement?.getAttribute("data-key");
    box.replaceChildren(this.box);
    if (focused) this.focus(focused);
  }

  /** @param {string} key */
  focus(key) {
    const found = this.box.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (found instanceof HTMLElement) found.focus();
  }

  addFeatures() {
    this.box.append(element("h3", { class: "over", style: "left: 0" }, "Features"));
    Object.keys(FEATURES).forEach((name, row) => {
      const unit = this.network.settings.features.indexOf(name);
      const attributes = { type: "button", "aria-pressed": String(unit >= 0), "data-key": name };
      const button = element("button", { ...attributes, class: "feature" }, shownName(name));
      button.style.top = `${TOP + row * ROW}px`;
      button.addEventListener("click", () => this.actions.toggleFeature(name));
      if (unit >= 0) button.append(this.map({ layer: 0, unit }));
      this.box.append(button);
    });
  }

  /**
   * @param {number} layer
   * @param {number} units
   */
  addLayer(layer, units) {
    const isOutput = layer === this.network.layers.length;
    const left = layer * COLUMN + 40;
    const name = isOutput ? "Output" : `Layer ${layer}`;
    this.box.append(element("h3", { class: "over", style: `left: ${left}px` }, name));
    if (!isOutput) this.addCounter(layer, units, left);
    for (let unit = 0; unit < units; unit++) {
      const place = { layer, unit };
      const called = nameOf(this.network, place);
      const attributes = { type: "button", class: "neuron", "data-key": `${layer}/${unit}` };
      const button = element("button", { ...attributes, "aria-label": `Look into ${called}` });
      button.style.cssText = `left: ${left}px; top: ${TOP + unit * ROW}px`;
      button.append(this.map(place));
      button.addEventListener("click", () => this.actions.select(place));
      for (const event of ["pointerenter", "focus"]) {
        button.addEventListener(event, () => this.actions.look(place));
      }
      for (const event of ["pointerleave", "blur"]) {
        button.addEventListener(event, () => this.actions.look(null));
      }
      this.box.append(button);
    }
  }

  /**
   * @param {number} layer
   * @param {number} units
   * @param {number} left
   */
  addCounter(layer, units, left) {
    const counter = element("div", { class: "counter", style: `left: ${left}px` });
    for (const [mark, change, verb] of /** @type {[string, number, string][]} */ ([
      ["−", -1, "Remove a neuron from"],
      ["+", 1, "Add a neuron to"],
    ])) {
      const attributes = { type: "button", "data-key": `${layer}${mark}` };
      const called = { "aria-label": `${verb} layer ${layer}` };
      const button = element("button", { ...attributes, ...called }, mark);
      const changed = units + change;
      if (changed < 1 || changed > MOST_NEURONS) button.setAttribute("disabled", "");
      button.addEventListener("click", () => this.actions.changeNeurons(layer - 1, change));
      counter.append(button);
    }
    counter.append(` ${units}`);
    this.box.append(counter);
  }

  /** @param {Place} place */
  map(place) {
    const canvas = document.createElement("canvas");
    canvas.setAttribute("aria-hidden", "true");
    this.maps.push({ canvas, place });
    return canvas;
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  addLinks(width, height) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [name, value] of Object.entries({ width, height, "aria-hidden": "true" })) {
      svg.setAttribute(name, String(value));
    }
    this.links = this.network.layers.map((_, layer) => {
      const before = this.network.shape[layer];
      const count = this.network.shape[layer + 1] * before;
      return Array.from({ length: count }, (_, at) => {
        const unit = Math.floor(at / before);
        return this.link(svg, layer, unit, at % before);
      });
    });
    this.box.append(svg);
  }

  /**
   * @param {SVGElement} svg
   * @param {number} layer
   * @param {number} unit
   * @param {number} input
   */
  link(svg, layer, unit, input) {
    const feature = this.network.settings.features[input];
    const row = layer === 0 ? Object.keys(FEATURES).indexOf(feature) : input;
    const from = [layer === 0 ? 108 : layer * COLUMN + 40 + SIZE, TOP + row * ROW + SIZE / 2];
    const to = [(layer + 1) * COLUMN + 40, TOP + unit * ROW + SIZE / 2];
    const middle = (from[0] + to[0]) / 2;
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", `M${from}C${middle},${from[1]} ${middle},${to[1]} ${to}`);
    path.append(document.createElementNS("http://www.w3.org/2000/svg", "title"));
    path.addEventListener("click", () => this.actions.select({ layer: layer + 1, unit }, input));
    svg.append(path);
    return path;
  }

  /**
   * Draw the heat maps and the weights as they are now.
   * @param {Network} network of the same shape
   * @param {View} view
   */
  draw(network, view) {
    const last = network.layers.length;
    const values = valuesOnGrid(network, SIDE, [...network.shape.keys()]);
    for (const { canvas, place } of this.maps) {
      const ofLayer = values[place.layer];
      const units = network.shape[place.layer];
      const isDiscrete = place.layer === last && network.classes === 2 && view.isDiscrete;
      fillGrid(canvas, SIDE, (cell) => {
        const value = ofLayer[cell * units + place.unit];
        return colourOf(isDiscrete ? (value >= 0 ? 1 : -1) : value);
      });
    }
    network.layers.forEach((weights, layer) => {
      const before = network.shape[layer];
      this.links[layer].forEach((path, at) => {
        const weight = weights[Math.floor(at / before) * (before + 1) + (at % before)];
        path.style.stroke = weight < 0 ? "var(--orange)" : "var(--blue)";
        path.style.strokeWidth = String(Math.min(0.4 + 2.2 * Math.abs(weight), 9));
        path.style.strokeDasharray = weight < 0 ? "6 3" : "";
        const title = path.firstElementChild;
        if (title) title.textContent = `weight ${weight.toFixed(3)}`;
      });
    });
  }
}
