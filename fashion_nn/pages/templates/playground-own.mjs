// @ts-check
// Data of the user: rows of x, y and label, or a formula that says which points are positive.
import { SeedRandom } from "./playground-random.mjs";
import { parseFormula } from "./playground-formula.mjs";

/** @typedef {import("./playground-data.mjs").OwnData} OwnData */
/** @typedef {import("./playground-data.mjs").Point} Point */

export const MOST_CLASSES = 6;
export const MOST_POINTS = 5000;
const FEWEST_POINTS = 4;
const RADIUS = 6;
const FORMULA_POINTS = 500;

/** @typedef {{x: number, y: number, label: string}} Row */

/**
 * Rows of x, y and label, divided by commas, semicolons, tabs or spaces. A first row without
 * numbers is a header.
 * @param {string} text
 * @returns {Row[]}
 * @throws {Error} with one sentence that says which row is wrong
 */
export function readRows(text) {
  /** @type {Row[]} */
  const rows = [];
  text.split(/\r?\n/).forEach((line, index) => {
    if (!line.trim()) return;
    const cells = cellsOf(line.trim());
    const [x, y] = cells.slice(0, 2).map((cell) => (cell ? Number(cell) : NaN));
    const isRow = cells.length === 3 && Number.isFinite(x) && Number.isFinite(y) && cells[2] !== "";
    if (isRow) rows.push({ x, y, label: cells[2] });
    else if (index > 0) throw new Error(`Line ${index + 1}: expected x, y and a label.`);
  });
  return rows;
}

/** @param {Row[]} rows */
export function labelsOf(rows) {
  return [...new Set(rows.map((row) => row.label))].sort((a, b) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
}

/**
 * Points from rows. Coordinates beyond 6 are scaled so that the largest is 5.
 * @param {Row[]} rows
 * @returns {{data: OwnData, note: string}}
 * @throws {Error} with one sentence, if there are too few or too many points or labels
 */
export function pointsOf(rows) {
  const classes = labelsOf(rows);
  if (rows.length > MOST_POINTS) throw new Error(`Expected at most ${MOST_POINTS} points.`);
  if (rows.length < FEWEST_POINTS || classes.length < 2 || classes.length > MOST_CLASSES) {
    const expected = `at least ${FEWEST_POINTS} points and 2 to ${MOST_CLASSES} labels`;
    const got = `${rows.length} points and ${classes.length} labels`;
    throw new Error(`Expected ${expected}, got ${got}.`);
  }
  const most = rows.reduce((most, { x, y }) => Math.max(most, Math.abs(x), Math.abs(y)), 0);
  const scale = most > RADIUS ? 5 / most : 1;
  const points = rows.map(
    ({ x, y, label }) =>
      /** @type {Point} */ ([x * scale, y * scale, classes.indexOf(label)]),
  );
  const scaled = scale === 1 ? "" : `; x and y were multiplied by ${scale.toPrecision(4)}`;
  const note = `${points.length} points, labels ${classes.join(", ")}${scaled}.`;
  return { data: { points, classes }, note };
}

/** @param {string} line */
function cellsOf(line) {
  const divider = [";", "\t", ","].find((mark) => line.includes(mark)) ?? /\s+/;
  return line.split(divider).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
}

/**
 * Random points, which are positive where the formula is above 0.
 * @param {string} text
 * @param {string} seed
 * @param {number} noise in per cent: moves the place at which the formula is computed
 * @returns {{data: OwnData, note: string}}
 * @throws {Error} if it is no formula, or has one sign only
 */
export function drawFromFormula(text, seed, noise) {
  const formula = parseFormula(text);
  const stream = new SeedRandom(seed);
  const moved = (RADIUS * noise) / 100;
  /** @type {Point[]} */
  const points = [];
  for (let drawn = 0; drawn < FORMULA_POINTS; drawn++) {
    const x = stream.uniform(-RADIUS, RADIUS);
    const y = stream.uniform(-RADIUS, RADIUS);
    const value = formula(x + stream.uniform(-moved, moved), y + stream.uniform(-moved, moved));
    if (Number.isFinite(value)) points.push([x, y, Number(value > 0)]);
  }
  const positive = points.filter((point) => point[2]).length;
  if (positive === 0 || positive === points.length) {
    throw new Error("The formula has the same sign everywhere: there is only one class.");
  }
  const note = `${points.length} points, ${positive} of them where the formula is above 0.`;
  return { data: { points, classes: ["not above 0", "above 0"] }, note };
}
