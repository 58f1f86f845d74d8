// @ts-check
// The fields of a worksheet: what is typed into them, and the answers as the JSON of the command.

/**
 * @typedef {object} Field
 * @property {string} term such as `nets/1`
 * @property {string} key as it is written on the sheet, such as `z[1]`
 * @property {number[]} shape () for a single number
 */
/** @typedef {{student: string, file: string, fields: Field[], practice: any}} SheetData */

/** @type {SheetData} */
export const data = JSON.parse(document.getElementById("data")?.textContent ?? "");

/** @param {string} term */
export function boxOf(term) {
  const found = document.querySelector(`fieldset[data-term="${term}"]`);
  return /** @type {HTMLFieldSetElement} */ (found);
}

/** @param {string} term */
export function cellsOf(term) {
  return [...boxOf(term).querySelectorAll("input")];
}

/**
 * The number in a cell; NaN if it is empty or no number. A comma may stand for the point.
 * @param {HTMLInputElement} cell
 */
export function numberIn(cell) {
  const text = cell.value.trim().replace(",", ".").replace("−", "-");
  const number = text ? Number(text) : NaN;
  return Math.abs(number) < 1e100 ? number : NaN;
}

/** The answers, each with NaN for what is left out. */
export function answers() {
  return new Map(data.fields.map(({ term }) => [term, cellsOf(term).map(numberIn)]));
}

/** The answers as `fashion-nn lab backprop --check` takes them. */
export function answersAsJson() {
  const values = data.fields.map(({ term, key, shape }) => {
    const entries = cellsOf(term).map((cell) => {
      const number = numberIn(cell);
      return Number.isNaN(number) ? null : number;
    });
    return [key, nested(entries, shape)];
  });
  return `${JSON.stringify({ student: data.student, ...Object.fromEntries(values) }, null, 1)}\n`;
}

/**
 * @param {(number | null)[]} entries
 * @param {number[]} shape
 */
function nested(entries, shape) {
  if (!shape.length) return entries[0];
  if (shape.length === 1) return entries;
  const [rows, columns] = shape;
  return Array.from({ length: rows }, (_, row) =>
    entries.slice(row * columns, (row + 1) * columns),
  );
}

/**
 * Fill in saved answers.
 * @param {string} text
 * @throws {Error} with one sentence, if they are of another sheet
 */
export function fillIn(text) {
  const saved = JSON.parse(text);
  const known = data.fields.filter(({ key }) => Object.hasOwn(saved, key));
  if (!known.length) throw new Error("These are no answers to this sheet.");
  for (const { term, key } of known) {
    const entries = [saved[key]].flat(2);
    cellsOf(term).forEach((cell, at) => {
      cell.value = typeof entries[at] === "number" ? String(entries[at]) : "";
    });
  }
}
