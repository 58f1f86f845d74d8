// @ts-check
// What the page shows of its networks: heat maps, curves, figures, and the weights of a neuron.
import { element, nameOf } from "./playground-diagram.mjs";
import {
  COLOURS,
  colourOf,
  colourOfOutput,
  css,
  curves,
  deviation,
  drawPoints,
  fillGrid,
  mean,
  valuesOnGrid,
} from "./playground-drawing.mjs";
import { byId, page } from "./playground-state.mjs";

const GRID = 60; // cells in a row of the large heat map

/** @returns {import("./playground-drawing.mjs").View} */
const view = () => ({
  isDiscrete: byId("discretize").checked,
  showsTest: byId("show-test").checked,
});

/** Show everything as it is now. */
export function draw() {
  const network = page.networks[page.shown];
  byId("epoch").textContent = String(network.epochs);
  byId("play").textContent = page.isPlaying ? "Pause" : "Play";
  page.diagram?.draw(network, view());
  drawOutput();
  drawPoints(byId("points"), network, view());
  byId("losses").innerHTML = curves(page.losses);
  fillNumbers();
  updateWeights();
}

/** Draw the large heat map: of the network, or of the neuron that is looked at. */
export function drawOutput() {
  const network = page.networks[page.shown];
  const last = network.layers.length;
  const place = page.looked ?? { layer: last, unit: 0 };
  const isOutput = !page.looked || (place.layer === last && network.classes <= 2);
  const units = network.shape[place.layer];
  const [values] = valuesOnGrid(network, GRID, [place.layer]);
  const shown = view();
  fillGrid(byId("heat"), GRID, (cell) =>
    isOutput
      ? colourOfOutput(network, values.subarray(cell * units, (cell + 1) * units), shown)
      : colourOf(values[cell * units + place.unit]),
  );
  const name = isOutput ? "the network" : nameOf(network, place);
  byId("looked-at").textContent = `Output of ${name}`;
  fillLegend(isOutput && network.classes > 2);
}

/** @param {boolean} hasClasses whether the colours are those of more than two classes */
function fillLegend(hasClasses) {
  byId("scale").hidden = hasClasses;
  const classes = page.settings.dataset === "own" && page.own ? page.own.classes : ["−1", "1"];
  const names = classes.map((name, index) => {
    const key = element("span", { class: "key" }, name);
    key.style.setProperty("--c", css(COLOURS[index]));
    return key;
  });
  byId("legend").replaceChildren(...names);
}

/** Write mean, standard deviation, lowest and highest over the seeds into the table. */
function fillNumbers() {
  const last = page.losses.map((ofSeed) => ofSeed[ofSeed.length - 1]);
  const rows = {
    "train-loss": last.map(({ train }) => train),
    "test-loss": last.map(({ test }) => test),
    accuracy: page.networks.map((network) => network.accuracy()),
  };
  for (const [id, values] of Object.entries(rows)) {
    const figures = [mean(values), deviation(values), Math.min(...values), Math.max(...values)];
    const cells = byId(id).parentElement?.querySelectorAll("td") ?? [];
    cells.forEach((cell, index) => {
      const isShown = !Number.isNaN(figures[index]) && (index === 0 || values.length > 1);
      cell.textContent = isShown ? figures[index].toFixed(4) : "";
    });
  }
}

// --- The chosen neuron

/** Make a field for each weight of the chosen neuron, and for its bias. */
export function fillWeights() {
  const network = page.networks[page.shown];
  const { layer, unit } = page.chosen;
  const before = network.shape[layer - 1];
  byId("neuron-title").textContent = `Weights of ${nameOf(network, page.chosen)}`;
  const fields = Array.from({ length: before + 1 }, (_, input) => {
    const isBias = input === before;
    const from = isBias ? "" : nameOf(network, { layer: layer - 1, unit: input });
    const attributes = { id: `weight-${input}`, type: "number", step: "any" };
    const field = /** @type {HTMLInputElement} */ (element("input", attributes));
    field.addEventListener("change", () => {
      const value = Number(field.value);
      const changed = page.networks[page.shown];
      if (!field.value || !Number.isFinite(value)) return;
      changed.layers[layer - 1][unit * (before + 1) + input] = value;
      page.losses[page.shown][changed.epochs] = changed.losses();
      draw();
    });
    return element("label", {}, isBias ? "bias" : `from ${from}`, field);
  });
  byId("weights").replaceChildren(...fields);
  updateWeights();
}

/** Write the present weights into the fields, but for the one that is being typed in. */
function updateWeights() {
  const network = page.networks[page.shown];
  const { layer, unit } = page.chosen;
  const width = network.shape[layer - 1] + 1;
  for (let input = 0; input < width; input++) {
    const field = byId(`weight-${input}`);
    const weight = network.layers[layer - 1][unit * width + input];
    if (field !== document.activeElement) field.value = String(Number(weight.toPrecision(6)));
  }
  for (const button of document.querySelectorAll(".neuron")) {
    const isChosen = button.getAttribute("data-key") === `${layer}/${unit}`;
    button.classList.toggle("chosen", isChosen);
  }
}
