// @ts-check
// Numbers of the exercise that are copied wrongly into a net, as `marking/copying.py` tries them.
import { Sheet } from "./worksheet-sheet.mjs";

/** @typedef {import("./worksheet-sheet.mjs").Exercise} Exercise */
/** @typedef {{cause: string, detail: string, value: number[], exercise: Exercise | undefined}} Copied */

const MOST_DIGITS = 6;

/**
 * What a term would be with one number of the exercise miscopied, for good or here alone.
 * @param {Sheet} sheet
 * @param {string} term
 * @param {number} entry the first wrong entry of the term
 * @returns {Copied[]}
 */
export function copiedWrongly(sheet, term, entry) {
  const [key, number] = term.split("/");
  const layer = Number(number);
  if (key !== "nets") return [];
  const unit = Math.floor(entry / sheet.samples);
  const value = sheet.compute(term);
  const { exercise } = sheet;
  /** @type {Copied[]} */
  const found = [];
  exercise.biases.forEach((biases, index) => {
    biases.forEach((bias, other) => {
      const changed = value.map((net, at) =>
        Math.floor(at / sheet.samples) === unit ? net + bias - exercise.biases[layer - 1][unit] : net,
      );
      const detail = `b[${index + 1}], unit ${other + 1} in place of b[${layer}], unit ${unit + 1}`;
      if (changed[entry] === value[entry]) return;
      found.push({ cause: "wrong bias", detail, value: changed, exercise: undefined });
    });
  });
  /** @type {(where: string, old: number, change: (copy: Exercise, number: number) => void) => void} */
  const tryAll = (where, old, change) => {
    for (const number of variants(old)) {
      const cause = number === -old ? "sign lost" : "number miscopied";
      const copy = structuredClone(exercise);
      change(copy, number);
      const changed = sheet.copy(copy).compute(term);
      const detail = `${where} is read as ${number}, not ${old}`;
      found.push({ cause, detail: `${detail}, from here on`, value: changed, exercise: copy });
      found.push({ cause, detail: `${detail}, here alone`, value: changed, exercise: undefined });
    }
  };
  exercise.weights[layer - 1][unit].forEach((weight, input) => {
    tryAll(`W[${layer}], unit ${unit + 1}, input ${input + 1}`, weight, (copy, number) => {
      copy.weights[layer - 1][unit][input] = number;
    });
  });
  tryAll(`b[${layer}], unit ${unit + 1}`, exercise.biases[layer - 1][unit], (copy, number) => {
    copy.biases[layer - 1][unit] = number;
  });
  if (layer > 1) return found;
  const sample = entry % sheet.samples;
  exercise.inputs.forEach((row, input) => {
    tryAll(`input ${input + 1} of sample ${sample + 1}`, row[sample], (copy, number) => {
      copy.inputs[input][sample] = number;
    });
  });
  return found;
}

/**
 * What a number may be miscopied as: with another digit, two digits exchanged, without its sign, or
 * with the point elsewhere.
 * @param {number} number
 * @returns {number[]}
 */
function variants(number) {
  const text = Math.abs(number).toString();
  if (!number || text.includes("e") || text.replace(".", "").length > MOST_DIGITS) return [];
  const decimals = Math.max(2, (text.split(".")[1] ?? "").length);
  const digits = [...Math.abs(number).toFixed(decimals).replace(".", "")].map(Number);
  const sign = Math.sign(number);
  /** @type {(changed: number[]) => number} */
  const read = (changed) => (sign * Number(changed.join(""))) / 10 ** decimals;
  /** @type {number[]} */
  const found = [];
  digits.forEach((_, place) => {
    for (let digit = 0; digit < 10; digit++) found.push(read(digits.with(place, digit)));
    if (place + 1 < digits.length) {
      const exchanged = digits.with(place, digits[place + 1]).with(place + 1, digits[place]);
      found.push(read(exchanged));
    }
  });
  const others = [...new Set(found)].filter((changed) => changed && changed !== number);
  return [...others, -number, number * 10, number / 10];
}
