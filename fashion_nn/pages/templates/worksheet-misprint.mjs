// @ts-check
// A number that differs from the right one in how it is written, as `marking/numbers.py` finds it.
import { ENOUGH, digitsOf } from "./worksheet-precision.mjs";

export const SURE_MISPRINT = 5;

/**
 * In words what is wrong in the writing of a number; null if it is something else.
 * @param {number} answered
 * @param {number} value
 * @param {number} unit one unit of the last place
 * @param {number} least digits that the number has to have
 */
export function misprint(answered, value, unit, least) {
  const size = Math.abs(answered);
  const places = size ? Math.round(Math.floor(Math.log10(size)) - Math.log10(unit)) + 1 : 0;
  if (places < least || !Number.isFinite(value)) return null;
  return digitsDiffer(answered, value, unit) ?? (places >= ENOUGH ? pointMoved(answered, value) : null);
}

/**
 * @param {number} answered
 * @param {number} value
 */
function pointMoved(answered, value) {
  const power = [-3, -2, -1, 1, 2, 3].find(
    (power) => answered && digitsOf([answered], [value * 10 ** power])[0] >= ENOUGH,
  );
  return power === undefined ? null : "the decimal point is in another place";
}

/**
 * @param {number} answered
 * @param {number} value
 * @param {number} unit
 */
function digitsDiffer(answered, value, unit) {
  if (answered * value < 0) return null;
  const decimals = Math.min(Math.max(Math.round(-Math.log10(unit)), 0), 12);
  const written = Math.abs(answered).toFixed(decimals);
  const rounded = Math.abs(value).toFixed(decimals);
  const cut = Math.max(Math.abs(value) - 0.5 * unit, 0).toFixed(decimals);
  for (const meant of [rounded, cut]) {
    if (meant.length !== written.length) continue;
    const differ = [...written].flatMap((digit, at) => (digit === meant[at] ? [] : [at]));
    if (differ.length === 1) return `one digit differs: ${written} for ${meant}`;
    const [first, second] = differ;
    const areSwapped =
      differ.length === 2 &&
      second === first + 1 &&
      written[first] === meant[second] &&
      written[second] === meant[first];
    if (areSwapped) return `two digits are swapped: ${written} for ${meant}`;
  }
  return null;
}
