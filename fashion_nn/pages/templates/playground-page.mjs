// @ts-check
// What the controls of the page do: settings, training, and the ways in and out.
import { FEATURES, countPoints, countTrainPoints } from "./playground-data.mjs";
import { Network } from "./playground-network.mjs";
import { readAddress, requireValid, writeAddress } from "./playground-address.mjs";
import { drawFromFormula, labelsOf, pointsOf, readRows } from "./playground-own.mjs";
import { kerasScript } from "./playground-keras.mjs";
import { COLOURS, REACH, drawPoint } from "./playground-drawing.mjs";
import { Diagram, element } from "./playground-diagram.mjs";
import { MOST_EPOCHS, attempt, byId, data, form, page, say } from "./playground-state.mjs";
import { draw, drawOutput, fillWeights } from "./playground-show.mjs";

/** @typedef {import("./playground-data.mjs").Settings} Settings */
/** @typedef {import("./playground-data.mjs").OwnData} OwnData */
/** @typedef {import("./playground-state.mjs").Preset} Preset */

const FRAME = 100; // milliseconds of training before the page is drawn again

// --- Setting up

/** Begin anew with the settings: draw data and weights for each seed. */
function reset() {
  page.isPlaying = false;
  const { settings, own } = page;
  const seeds = seedsOf(settings.seed, Number(byId("seeds").value));
  page.networks = seeds.map((seed) => new Network({ ...settings, seed }, own));
  page.losses = page.networks.map((network) => [network.losses()]);
  page.shown = Math.min(page.shown, seeds.length - 1);
  const options = seeds.map((seed, index) => new Option(`seed ${seed}`, String(index)));
  byId("shown").replaceChildren(...options);
  byId("shown").value = String(page.shown);
  const depth = page.networks[0].layers.length;
  page.chosen = { layer: depth, unit: 0 };
  page.looked = null;
  makeDiagram();
  fillForm();
  fillWeights();
  draw();
}

/**
 * @param {string} seed
 * @param {number} count
 */
function seedsOf(seed, count) {
  if (count <= 1) return [seed];
  if (count > 20 || !/^\d{1,9}$/.test(seed)) {
    throw new Error("Several seeds need a whole number as the first seed, and are at most 20.");
  }
  return Array.from({ length: count }, (_, index) => String(Number(seed) + index));
}

/**
 * Use these settings, if they are valid; otherwise say what is wrong and keep the present ones.
 * @param {Settings} settings
 * @param {OwnData | null} own
 * @param {string} [said]
 */
function use(settings, own, said = "") {
  attempt(() => {
    requireValid(settings);
    if (settings.dataset === "own" && !own) {
      byId("own").setAttribute("open", "");
      throw new Error("There is no own data yet: give rows or a formula under Own data.");
    }
    const trainPoints = countTrainPoints(settings, own);
    if (trainPoints < 1 || trainPoints >= countPoints(settings, own)) {
      throw new Error("Expected at least one training and one test point.");
    }
    const batchSize = Math.min(settings.batchSize, trainPoints);
    page.settings = { ...settings, batchSize };
    page.own = own;
    reset();
    const cut = batchSize < settings.batchSize ? ` The batch size is now ${batchSize}.` : "";
    say(said + cut);
  });
  fillForm();
}

/** Write the settings into the form and into the address of the page. */
function fillForm() {
  const { settings } = page;
  for (const [name, value] of Object.entries(settings)) {
    const control = form.elements.namedItem(name);
    if (control instanceof HTMLInputElement || control instanceof HTMLSelectElement) {
      control.value = String(value);
    }
  }
  if (settings.dataset === "own") return;
  const address = writeAddress(settings);
  byId("address").value = address;
  byId("there").setAttribute("href", address);
  history.replaceState(null, "", address.slice(address.indexOf("#")));
}

/** @returns {Settings} */
function readForm() {
  const given = new FormData(form);
  /** @type {(name: string) => string} */
  const text = (name) => String(given.get(name) ?? "").trim();
  /** @type {(name: string) => number} */
  const number = (name) => (text(name) ? Number(text(name)) : NaN);
  const layers = text("hidden") === "none" ? "" : text("hidden");
  return {
    dataset: text("dataset"),
    features: page.settings.features,
    hidden: layers ? layers.split(",").map(wholeNumber) : [],
    activation: text("activation"),
    learningRate: number("learningRate"),
    batchSize: number("batchSize"),
    trainPercent: number("trainPercent"),
    regularization: text("regularization"),
    regularizationRate: number("regularizationRate"),
    noise: number("noise"),
    seed: text("seed"),
    zeroInit: text("zeroInit") === "true",
  };
}

/** @param {string} text */
function wholeNumber(text) {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error("Expected the neurons of each hidden layer, such as 5,5.");
}

function makeDiagram() {
  page.diagram = new Diagram(byId("diagram"), page.networks[page.shown], {
    toggleFeature: (feature) => {
      const { settings } = page;
      const without = settings.features.filter((name) => name !== feature);
      const isNew = without.length === settings.features.length;
      const names = isNew ? [...without, feature] : without;
      const features = Object.keys(FEATURES).filter((name) => names.includes(name));
      use({ ...settings, features }, page.own);
    },
    changeNeurons: (layer, change) => {
      const hidden = [...page.settings.hidden];
      hidden[layer] += change;
      use({ ...page.settings, hidden }, page.own);
    },
    select: (place, input) => {
      page.chosen = place;
      fillWeights();
      if (input !== undefined) byId(`weight-${input}`).focus();
      draw();
    },
    look: (place) => {
      page.looked = place;
      drawOutput();
    },
  });
}

// --- Training

/** Train every network for one epoch. */
function trainOnce() {
  page.networks.forEach((network, index) => {
    network.epoch();
    page.losses[index].push(network.losses());
  });
  const last = page.losses.map((ofSeed) => ofSeed[ofSeed.length - 1]);
  if (!last.every(({ train, test }) => Number.isFinite(train + test))) {
    const epoch = page.networks[0].epochs;
    reset();
    throw new Error(`The loss became infinite in epoch ${epoch}: the learning rate is too large.`);
  }
}

/**
 * Train until an epoch, with a drawing now and then.
 * @param {number} until
 * @param {number} milliseconds of training between two drawings; 0 for one epoch
 */
function play(until, milliseconds) {
  page.isPlaying = true;
  page.until = until;
  const frame = () => {
    if (!page.isPlaying) return;
    attempt(() => {
      const began = performance.now();
      do {
        if (page.networks[0].epochs >= page.until) page.isPlaying = false;
        else trainOnce();
      } while (page.isPlaying && performance.now() - began < milliseconds);
    });
    draw();
    if (page.isPlaying) requestAnimationFrame(frame);
    else if (!byId("status").classList.contains("wrong")) sayWhereItStands();
  };
  say("Training.");
  frame();
}

function sayWhereItStands() {
  const train = byId("train-loss").textContent;
  const test = byId("test-loss").textContent;
  say(`${page.networks[0].epochs} epochs: training loss ${train}, test loss ${test}.`);
}

// --- Controls

/** @param {string} id @param {() => void} action */
function onClick(id, action) {
  byId(id).addEventListener("click", () => attempt(action));
}

function useRows() {
  const { data: own, note } = pointsOf(readRows(byId("rows").value));
  use({ ...page.settings, dataset: "own" }, own, note);
}

/** @param {MouseEvent} event */
function paintPoint(event) {
  if (!byId("paint").checked) return;
  const box = byId("points").getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * 2 * REACH - REACH;
  const y = REACH - ((event.clientY - box.top) / box.height) * 2 * REACH;
  const before = byId("rows").value.trimEnd();
  const row = `${x.toFixed(2)}, ${y.toFixed(2)}, ${byId("label").value.trim() || "a"}`;
  byId("rows").value = before ? `${before}\n${row}` : row;
  attempt(useRows);
  const rows = readRows(byId("rows").value);
  const labels = labelsOf(rows);
  if (page.own?.points.length === rows.length) return;
  for (const { x, y, label } of rows) {
    const kind = labels.indexOf(label) % COLOURS.length;
    drawPoint(byId("points"), [x, y, kind], COLOURS[kind], false);
  }
}

/** @param {string} text @param {string} what */
function copy(text, what) {
  byId("copied").value = text;
  byId("copied").select();
  const isDone = document.execCommand("copy");
  say(isDone ? `${what} copied.` : `${what}: copy the text from the field.`);
}

function lossesAsCsv() {
  const names = page.networks.flatMap(({ settings }) =>
    ["train", "test"].map((kind) => `${kind}_seed_${settings.seed}`),
  );
  const rows = page.losses[0].map((_, epoch) => {
    const losses = page.losses.flatMap((ofSeed) => [ofSeed[epoch].train, ofSeed[epoch].test]);
    return [epoch, ...losses].join(",");
  });
  return `${["epoch", ...names].join(",")}\n${rows.join("\n")}\n`;
}

/** @param {Preset} preset */
function usePreset(preset) {
  byId("until").value = String(preset.epochs);
  use(readAddress(preset.url), null, `${preset.name}: train up to epoch ${preset.epochs}.`);
  const claims = preset.claims.map(({ id, claim, verdict, why }) =>
    element(
      "li",
      { class: verdict },
      `${id}: ${claim}. `,
      element("b", {}, verdict),
      element("small", {}, why ? ` (${why})` : ""),
    ),
  );
  byId("claims").replaceChildren(...claims);
}

function connect() {
  onClick("play", () => {
    if (page.isPlaying) page.isPlaying = false;
    else play(MOST_EPOCHS, 0);
    draw();
  });
  onClick("step", () => {
    page.isPlaying = false;
    trainOnce();
    draw();
    sayWhereItStands();
  });
  onClick("reset", () => use(page.settings, page.own, "Begun anew."));
  onClick("train", () => {
    const until = Number(byId("until").value);
    if (!(until >= 1 && until <= MOST_EPOCHS)) throw new Error("Expected 1 to 100000 epochs.");
    play(until, FRAME);
  });
  form.addEventListener("change", () =>
    attempt(() => {
      const settings = readForm();
      use(settings, settings.dataset === "own" ? page.own : null);
    }),
  );
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("seeds").addEventListener("change", () => attempt(reset));
  byId("shown").addEventListener("change", () => {
    page.shown = Number(byId("shown").value);
    fillWeights();
    draw();
  });
  for (const id of ["discretize", "show-test"]) byId(id).addEventListener("change", draw);
  byId("preset").addEventListener("change", () => {
    const preset = data.presets[Number(byId("preset").value || -1)];
    if (preset) usePreset(preset);
    else byId("claims").replaceChildren();
  });
  connectTools();
}

function connectTools() {
  onClick("use-rows", useRows);
  onClick("clear-rows", () => {
    byId("rows").value = "";
  });
  byId("points").addEventListener("click", paintPoint);
  byId("file").addEventListener("change", async () => {
    const file = byId("file").files?.[0];
    if (!file || file.size > 1_000_000) {
      say("Expected a CSV file of at most 1 MB.", true);
      return;
    }
    byId("rows").value = await file.text();
    attempt(useRows);
  });
  onClick("use-formula", () => {
    const { seed, noise } = page.settings;
    const { data: own, note } = drawFromFormula(byId("formula").value, seed, noise);
    use({ ...page.settings, dataset: "own" }, own, note);
  });
  onClick("open-address", () => use(readAddress(byId("address").value), null, "Address read."));
  window.addEventListener("hashchange", () => attempt(() => use(readAddress(location.hash), null)));
  onClick("copy-keras", () =>
    copy(kerasScript(page.settings, page.own, Number(byId("until").value)), "The Keras script is"),
  );
  onClick("copy-losses", () => copy(lossesAsCsv(), "The losses are"));
}

byId("until").value = String(data.epochs);
byId("seeds").value = String(data.seeds);
connect();
attempt(reset);
