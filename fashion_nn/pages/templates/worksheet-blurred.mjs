// @ts-check
// How far rounding on the way may lead, as `marking/branches.py` estimates it: sheets with numbers
// anywhere between the written and the unrounded ones.
import { Sheet } from "./worksheet-sheet.mjs";
import { unitOf } from "./worksheet-precision.mjs";

/** @typedef {import("./worksheet-sheet.mjs").Exercise} Exercise */
/** @typedef {import("./worksheet-sheet.mjs").Source} Source */
/** @typedef {import("./worksheet-precision.mjs").Precision} Precision */

const SHEETS = 12;
export const SOURCES = /** @type {Source[]} */ (["nets", "outputs", "mixed"]);

export class Blurred {
  /**
   * @param {Exercise} exercise
   * @param {Precision} precision
   */
  constructor(exercise, precision) {
    this.precision = precision;
    this.state = 1;
    this.sheets = Array.from(
      { length: SHEETS },
      (_, number) => new Sheet(exercise, SOURCES[number % SOURCES.length]),
    );
  }

  /**
   * A pseudorandom number, by the generator of Lehmer.
   * @param {number} low
   * @param {number} high
   */
  uniform(low, high) {
    this.state = (this.state * 48271) % 2147483647;
    return low + (high - low) * (this.state / 2147483647);
  }

  /**
   * Which entries lie in the range of the sheets, widened by half and by one unit.
   * @param {string} term
   * @param {number[]} answer
   */
  near(term, answer) {
    const values = this.sheets.map((sheet) => this.computed(sheet, term));
    return answer.map((entry, at) => {
      const ofEntry = values.map((value) => value[at]);
      const [low, high] = [Math.min(...ofEntry), Math.max(...ofEntry)];
      const margin = 0.5 * (high - low) + unitOf(this.precision, Math.abs(entry));
      return entry >= low - margin && entry <= high + margin;
    });
  }

  /**
   * The term, where nets are rounded on the way to it that no sheet shows.
   * @param {Sheet} sheet
   * @param {string} term
   */
  computed(sheet, term) {
    if (term !== "loss_after" && term !== "query_output") return sheet.compute(term);
    const other = sheet.copy();
    for (let layer = 1; layer <= sheet.depth; layer++) {
      const nets = sheet.rows(sheet.get(`nets/${layer}`));
      const biases = sheet.get(`updated_biases/${layer}`).map((bias, unit) => {
        const size = Math.max(...nets[unit].map(Math.abs));
        return bias + this.uniform(-1.5, 1.5) * unitOf(this.precision, size);
      });
      other.values.set(`updated_biases/${layer}`, biases);
    }
    return other.compute(term);
  }

  /**
   * Go on to the next term: `exact` is what the student may have had before rounding.
   * @param {string} term
   * @param {number[]} answer
   * @param {number[]} exact
   */
  keep(term, answer, exact) {
    for (const sheet of this.sheets) {
      const own = sheet.compute(term);
      const blurred = answer.map((entry, at) => {
        if (Number.isNaN(entry)) return own[at];
        if (term === "query_class") return entry;
        const unit = unitOf(this.precision, Math.abs(entry));
        if (entry === exact[at]) return entry + unit * this.uniform(-0.6, 0.6);
        return entry + this.uniform(-0.25, 1.25) * (exact[at] - entry);
      });
      sheet.values.set(term, blurred);
    }
  }

  /** @param {string} term that the answer does not show */
  compute(term) {
    for (const sheet of this.sheets) sheet.values.set(term, sheet.compute(term));
  }
}
