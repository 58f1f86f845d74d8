// @ts-check
// Whether a number is a value as the student writes numbers, as `marking/precision.py` decides it.

/** @typedef {{decimals: number | null, digits: number | null}} Precision the coarser of the two */

export const EXACT = 15;
export const ENOUGH = 3;
const NOISE = 1e-12;
const MOST_DIGITS_COUNTED = 12;

/** @param {number[]} values */
export function largestOf(values) {
  return values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
}

/**
 * Decimals and significant digits with which a number is written.
 * @param {number} number
 */
export function shown(number) {
  const [mantissa, power] = Math.abs(number).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  return { decimals: Math.max(0, digits.length - 1 - Number(power)), digits: digits.length };
}

/**
 * The precision of a sheet, from each answer with the right value.
 * @param {[number[], number[]][]} pairs
 * @returns {Precision}
 */
export function infer(pairs) {
  const counts = pairs.flatMap(([answer, value]) =>
    answer
      .filter((entry, at) => {
        const isExact = Math.abs(entry - value[at]) <= 1e-14 * Math.abs(value[at]);
        return !Number.isNaN(entry) && entry !== 0 && !isExact;
      })
      .map(shown),
  );
  if (!counts.length) return { decimals: EXACT, digits: EXACT };
  const decimals = upperQuantile(counts.map((count) => count.decimals));
  const digits = upperQuantile(counts.map((count) => count.digits));
  const byDecimals = counts.filter((count) => count.decimals === decimals).length / counts.length;
  const byDigits = counts.filter((count) => count.digits === digits).length / counts.length;
  const few = counts.length < 6;
  return {
    decimals: few || byDecimals > byDigits - 0.1 ? decimals : null,
    digits: few || byDigits > byDecimals - 0.1 ? digits : null,
  };
}

/** @param {number[]} values the 90 % quantile, or the next value above it */
function upperQuantile(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(0.9 * (sorted.length - 1) - 1e-9)];
}

/**
 * One unit of the last place that is written of a number of this size.
 * @param {Precision} precision
 * @param {number} size
 */
export function unitOf({ decimals, digits }, size) {
  let unit = decimals === null ? 0 : 10 ** -Math.max(decimals, ENOUGH);
  if (digits !== null) {
    const magnitude = Math.floor(Math.log10(Math.abs(size) * (1 + 1e-12))) + 1;
    unit = Math.max(unit, 10 ** (magnitude - Math.max(digits, ENOUGH)));
  }
  return unit;
}

/**
 * Which entries of the answer are this value, rounded or cut to what the sheet is written to, or
 * rounded to three or more digits of their own. Entries that are left out are.
 * @param {Precision} precision
 * @param {number[]} answer
 * @param {number[]} value
 * @param {number[] | null} old of an updated parameter, the value before the step
 */
export function accepts(precision, answer, value, old = null) {
  const exact = isExact(answer, value);
  const found = answer.map((entry, at) => {
    if (exact[at]) return true;
    const unit = unitOf(precision, Math.max(Math.abs(entry), Math.abs(value[at])));
    const lost = Math.abs(value[at]) - Math.abs(entry);
    const isCut = entry * value[at] >= 0 && lost >= 0 && lost <= unit * (1 + 1e-9);
    return Math.abs(entry - value[at]) <= 0.5000005 * unit || isCut;
  });
  if (found.every(Boolean)) return found;
  const own = digitsOf(answer, value);
  return found.map((isFound, at) => {
    const isOwn = own[at] >= ENOUGH && (old === null || answer[at] !== old[at]);
    return isFound || isOwn;
  });
}

/**
 * @param {number[]} answer
 * @param {number[]} value
 */
function isExact(answer, value) {
  const scale = 1e-3 * largestOf(value);
  return answer.map((entry, at) => {
    const near = 1e-7 * Math.max(Math.abs(value[at]), scale) + NOISE;
    return Number.isNaN(entry) || Math.abs(entry - value[at]) <= near;
  });
}

/**
 * Significant digits to which each entry of the answer is the value rounded; 0 where it is none.
 * @param {number[]} answer
 * @param {number[]} value
 */
export function digitsOf(answer, value) {
  const exact = isExact(answer, value);
  /** @type {number[]} */
  const found = exact.map((is) => (is ? EXACT : 0));
  if (exact.every(Boolean)) return found;
  const scale = largestOf(value);
  const counts = Array.from({ length: MOST_DIGITS_COUNTED }, (_, count) => count);
  const decimals = counts.find((count) => answer.every((entry) => isMultiple(entry, 10 ** -count)));
  answer.forEach((entry, at) => {
    const error = Math.abs(entry - value[at]);
    if (!exact[at] && decimals !== undefined && scale && error <= 0.5000005 * 10 ** -decimals) {
      const ofLargest = decimals + Math.floor(Math.log10(scale)) + 1;
      found[at] = Math.min(Math.max(ofLargest, 0), EXACT - 1);
    }
    const magnitude = Math.floor(Math.log10(Math.abs(value[at]))) + 1;
    for (let count = 1; count <= MOST_DIGITS_COUNTED; count++) {
      const unit = 10 ** (magnitude - count);
      const fits = error <= 0.5000005 * unit && isMultiple(entry, unit);
      if (fits && found[at] < count) found[at] = count;
    }
  });
  return found;
}

/**
 * @param {number} entry
 * @param {number} unit
 */
function isMultiple(entry, unit) {
  const steps = entry / unit;
  return Number.isNaN(steps) || Math.abs(steps - Math.round(steps)) <= 1e-3;
}

/**
 * Digits to which entries agree with a value without being a rounding of it.
 * @param {number[]} answer
 * @param {number[]} value
 * @param {number[]} size what the digits are counted from
 */
export function closeness(answer, value, size) {
  const least = 0.01 * largestOf(size);
  return answer.map((entry, at) => {
    const agree = -Math.log10((2 * Math.abs(entry - value[at])) / Math.max(Math.abs(size[at]), least));
    if (Number.isNaN(agree)) return 0;
    return Math.min(Math.max(Math.floor(agree), 0), EXACT);
  });
}
