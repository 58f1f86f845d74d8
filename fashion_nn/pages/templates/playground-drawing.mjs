// @ts-check
// What is drawn on the page: heat maps of neurons, points, and the curves of the losses.
import { featuresAt, largest } from "./playground-network.mjs";

/** @typedef {import("./playground-network.mjs").Network} Network */
/** @typedef {import("./playground-network.mjs").Losses} Losses */
/** @typedef {[number, number, number]} Colour red, green and blue, 0 to 255 */
/** @typedef {{isDiscrete: boolean, showsTest: boolean}} View */

export const REACH = 6; // x and y go from -6 to 6, as in the Playground
const PAPER = /** @type {Colour} */ ([232, 234, 235]);
/** Colours of negative and positive values, and of the classes. */
export const COLOURS = /** @type {Colour[]} */ ([
  [213, 94, 0],
  [0, 114, 178],
  [0, 158, 115],
  [230, 159, 0],
  [204, 121, 167],
  [86, 86, 86],
]);

/** @param {Colour} colour */
export const css = (colour) => `rgb(${colour.join(",")})`;

/**
 * The colour of a value in [-1, 1]: orange, grey at 0, blue.
 * @param {number} value
 * @returns {Colour}
 */
export function colourOf(value) {
  const share = Math.min(Math.abs(value), 1);
  const end = COLOURS[value < 0 ? 0 : 1];
  return mix(PAPER, end, share);
}

/**
 * @param {Colour} from
 * @param {Colour} to
 * @param {number} share
 */
function mix(from, to, share) {
  return /** @type {Colour} */ (from.map((part, i) => Math.round(part + (to[i] - part) * share)));
}

/**
 * The values of some layers at the middles of a square grid, the top row first.
 * @param {Network} network
 * @param {number} side number of cells in a row
 * @param {number[]} layers
 * @returns {Float64Array[]} for each of the layers the values of all units, cell by cell
 */
export function valuesOnGrid(network, side, layers) {
  const found = layers.map((layer) => new Float64Array(side * side * network.shape[layer]));
  for (let cell = 0; cell < side * side; cell++) {
    const x = -REACH + (((cell % side) + 0.5) / side) * 2 * REACH;
    const y = REACH - ((Math.floor(cell / side) + 0.5) / side) * 2 * REACH;
    network.forward(featuresAt(network.settings, x, y));
    layers.forEach((layer, at) => found[at].set(network.values[layer], cell * network.shape[layer]));
  }
  return found;
}

/**
 * Fill a canvas with one colour for each cell of the grid.
 * @param {HTMLCanvasElement} canvas
 * @param {number} side
 * @param {(cell: number) => Colour} colour
 */
export function fillGrid(canvas, side, colour) {
  const context = canvas.getContext("2d");
  if (!context) return;
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const image = context.createImageData(side, side);
  for (let cell = 0; cell < side * side; cell++) {
    image.data.set(colour(cell), cell * 4);
    image.data[cell * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/**
 * The colour of the output of a network: of its value, or of its largest class.
 * @param {Network} network
 * @param {Float64Array} outputs
 * @param {View} view
 * @returns {Colour}
 */
export function colourOfOutput(network, outputs, view) {
  if (network.classes <= 2) {
    const value = outputs[0];
    return colourOf(view.isDiscrete ? (value >= 0 ? 1 : -1) : value);
  }
  const chosen = largest(outputs);
  return mix(PAPER, COLOURS[chosen], view.isDiscrete ? 1 : outputs[chosen] ** 2);
}

/**
 * Draw the points; test points have a dark outline. Each class has a shape of its own.
 * @param {HTMLCanvasElement} canvas
 * @param {Network} network
 * @param {View} view
 */
export function drawPoints(canvas, network, view) {
  canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
  network.points.forEach(([x, y, target], index) => {
    const isTest = index >= network.trainPoints;
    if (isTest && !view.showsTest) return;
    const kind = network.classes > 2 ? target : Number(target > 0);
    const colour = network.classes > 2 ? COLOURS[kind] : colourOf(target);
    drawPoint(canvas, [x, y, network.classes ? kind : 0], colour, isTest);
  });
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {[number, number, number]} point x, y and the number of its shape
 * @param {Colour} colour
 * @param {boolean} isDark whether its outline is dark
 */
export function drawPoint(canvas, [x, y, kind], colour, isDark) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const left = ((x + REACH) / (2 * REACH)) * canvas.width;
  const top = ((REACH - y) / (2 * REACH)) * canvas.height;
  context.beginPath();
  outline(context, kind, left, top, canvas.width / 110);
  context.fillStyle = css(colour);
  context.fill();
  context.strokeStyle = isDark ? "#000" : "#fff";
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} kind
 * @param {number} x
 * @param {number} y
 * @param {number} size
 */
function outline(context, kind, x, y, size) {
  if (kind === 0) {
    context.arc(x, y, size, 0, 2 * Math.PI);
    return;
  }
  const corners = [0, 4, 3, 5, 6, 8][kind];
  const turn = kind === 1 ? Math.PI / 4 : -Math.PI / 2;
  for (let corner = 0; corner < corners; corner++) {
    const angle = turn + (2 * Math.PI * corner) / corners;
    context.lineTo(x + 1.25 * size * Math.cos(angle), y + 1.25 * size * Math.sin(angle));
  }
  context.closePath();
}

/**
 * The curves of the losses as the content of an SVG of 300 x 130: the mean over the seeds as a
 * line, and a band from the lowest to the highest.
 * @param {Losses[][]} losses for each seed the losses from epoch 0 on
 */
export function curves(losses) {
  const epochs = losses[0].length - 1;
  const step = Math.max(1, Math.ceil(epochs / 280));
  const shown = Array.from({ length: epochs + 1 }, (_, epoch) => epoch).filter(
    (epoch) => epoch % step === 0 || epoch === epochs,
  );
  const all = shown.flatMap((epoch) => losses.flatMap((ofSeed) => Object.values(ofSeed[epoch])));
  const most = all.reduce((most, loss) => Math.max(most, loss), 0);
  /** @type {(epoch: number, loss: number) => string} */
  const at = (epoch, loss) => {
    const x = 30 + (epoch / Math.max(epochs, 1)) * 265;
    const y = 112 - (loss / (most || 1)) * 102;
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  };
  const parts = ["test", "train"].map((name) => {
    const kind = /** @type {keyof Losses} */ (name);
    const values = shown.map((epoch) => losses.map((ofSeed) => ofSeed[epoch][kind]));
    const line = shown.map((epoch, i) => at(epoch, mean(values[i])));
    const upper = shown.map((epoch, i) => at(epoch, Math.max(...values[i])));
    const lower = shown.map((epoch, i) => at(epoch, Math.min(...values[i])));
    const band = losses.length > 1 ? [...upper, ...lower.reverse()].join(" ") : "";
    return `<polygon class="band ${kind}" points="${band}"/>
<polyline class="${kind}" points="${line.join(" ")}"/>`;
  });
  const axis = '<path class="axis" d="M30 8V112H296"/>';
  const marks = `<text x="26" y="14" text-anchor="end">${most.toPrecision(2)}</text>
<text x="26" y="114" text-anchor="end">0</text><text x="30" y="126">0</text>
<text x="295" y="126" text-anchor="end">${epochs} epochs</text>`;
  return axis + marks + parts.join("");
}

/** @param {number[]} values */
export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Sample standard deviation, with n - 1; 0 for one value.
 * @param {number[]} values
 */
export function deviation(values) {
  if (values.length < 2) return 0;
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
