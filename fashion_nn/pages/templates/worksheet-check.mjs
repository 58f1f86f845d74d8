// @ts-check
// The verdict on each term of an answer, in the order in which a person computes, as
// `marking/grading.py` gives it. The usual errors come from Python as the values that they give.
import { Sheet } from "./worksheet-sheet.mjs";
import { Blurred, SOURCES } from "./worksheet-blurred.mjs";
import { copiedWrongly } from "./worksheet-copying.mjs";
import { SURE_MISPRINT, misprint } from "./worksheet-misprint.mjs";
import { ENOUGH, accepts, closeness, digitsOf, infer, unitOf } from "./worksheet-precision.mjs";

/** @typedef {import("./worksheet-sheet.mjs").Exercise} Exercise */
/** @typedef {import("./worksheet-precision.mjs").Precision} Precision */

/**
 * A usual error in a term whose earlier terms are right.
 * @typedef {object} UsualError
 * @property {string} term
 * @property {string} cause
 * @property {string} detail
 * @property {number[]} value what the term would be
 */

/**
 * An explanation of a wrong term, and how the student goes on.
 * @typedef {object} Finding
 * @property {string | null} cause
 * @property {string} detail
 * @property {string} madeIn
 * @property {boolean[]} explained
 * @property {Sheet} sheet
 * @property {boolean} isWhole
 */

/** @typedef {{cause: string | null, detail: string, madeIn: string, entry: number}} Mistake */
/** @typedef {{term: string, verdict: "right" | "follows" | "wrong", mistake: Mistake | null}} Mark */
/** @typedef {{exercise: Exercise, terms: string[], errors: UsualError[]}} Practice */

/** @typedef {{sheet: Sheet, explained: number, mistake: Mistake | null}} Branch */

const MOST_BRANCHES = 40;
const MOST_ALTERNATIVES = 12;
const UNKNOWN = "No usual error explains it.";

/**
 * @param {Practice} practice
 * @param {Map<string, number[]>} answers each with NaN for what is left out
 * @returns {Mark[]} of the terms that are answered
 */
export function check(practice, answers) {
  return new Checker(practice, answers).check();
}

/**
 * The sheet with all terms.
 * @param {Practice} practice
 */
export function solve(practice) {
  const sheet = new Sheet(practice.exercise);
  for (const term of practice.terms) sheet.values.set(term, sheet.compute(term));
  return sheet;
}

class Checker {
  /**
   * @param {Practice} practice
   * @param {Map<string, number[]>} answers
   */
  constructor(practice, answers) {
    this.practice = practice;
    this.answers = answers;
    this.right = solve(practice);
    this.precision = infer([...answers].map(([term, answer]) => [answer, this.right.get(term)]));
    /** @type {Branch[]} */
    this.branches = [{ sheet: new Sheet(practice.exercise), explained: 0, mistake: null }];
    this.written = SOURCES.map((source) => new Sheet(practice.exercise, source));
    this.blurred = new Blurred(practice.exercise, this.precision);
    /** @type {string[]} earlier terms that are not shown, the nearest first */
    this.hidden = [];
    this.hasMistakes = false;
    this.computesExactly = true;
    this.shunsWritten = false;
  }

  check() {
    /** @type {Mark[]} */
    const marks = [];
    for (const term of this.practice.terms) {
      const answer = this.answers.get(term);
      if (answer?.some((entry) => !Number.isNaN(entry))) {
        const mark = this.mark(term, answer);
        marks.push(mark);
        this.hasMistakes ||= mark.verdict === "wrong";
      } else {
        for (const sheet of this.sheets()) sheet.values.set(term, sheet.compute(term));
        this.blurred.compute(term);
        this.hidden.unshift(term);
      }
    }
    const first = marks.find((mark) => mark.mistake);
    if (first) first.mistake = this.branches[0].mistake ?? first.mistake;
    return marks;
  }

  sheets() {
    return [...this.branches.map((branch) => branch.sheet), ...this.written];
  }

  /**
   * @param {string} term
   * @param {number[]} answer
   * @returns {Mark}
   */
  mark(term, answer) {
    const right = this.right.get(term);
    const fits = this.fitsOf(term, answer);
    const exact = [right, ...this.branches.map((branch) => branch.sheet.compute(term))];
    const written = this.written.map((sheet) => sheet.compute(term));
    const followsExactly = any(exact.map(fits));
    const followsWritten = any(written.map(fits));
    const near = any([followsWritten, this.near(term, answer, [...exact, ...written])]);
    let follows = followsExactly;
    if (!this.computesExactly) {
      follows = any([follows, near]);
    } else if (!this.shunsWritten) {
      follows = any([follows, followsWritten]);
      this.shunsWritten = followsExactly.some((is, at) => is && !followsWritten[at]);
    }
    const wrong = follows.map((is) => !is);
    const mistakes = this.mistakes(term, answer, wrong, near);
    if (!followsExactly.every(Boolean) && !mistakes.length) this.computesExactly = false;
    const isRight = fits(right).every(Boolean);
    this.goOn(term, answer, exact, mistakes);
    if (mistakes.length) {
      return { term, verdict: "wrong", mistake: mistakeOf(mistakes[0][0]) };
    }
    return { term, verdict: isRight || !this.hasMistakes ? "right" : "follows", mistake: null };
  }

  /**
   * The mistakes in a term, each with the findings that explain it, the likeliest first.
   * @param {string} term
   * @param {number[]} answer
   * @param {boolean[]} wrong
   * @param {boolean[]} near
   */
  mistakes(term, answer, wrong, near) {
    /** @type {Finding[][]} */
    const mistakes = [];
    let open = wrong;
    while (open.some(Boolean)) {
      const found = this.find(term, answer, open, near);
      if (found.length) mistakes.push(found);
      const done = found.length ? found[0].explained : near;
      open = open.map((is, at) => is && !done[at]);
    }
    return mistakes;
  }

  /**
   * @param {string} term
   * @param {number[]} answer
   * @returns {(value: number[]) => boolean[]}
   */
  fitsOf(term, answer) {
    const old = this.oldOf(term);
    return (value) => accepts(this.precision, answer, value, old);
  }

  /** @param {string} term the parameters before the step, for a term that updates them */
  oldOf(term) {
    const [key, layer] = term.split("/");
    const { weights, biases } = this.practice.exercise;
    if (key === "updated_weights") return weights[Number(layer) - 1].flat();
    return key === "updated_biases" ? biases[Number(layer) - 1] : null;
  }

  /**
   * Which entries rounding on the way may explain.
   * @param {string} term
   * @param {number[]} answer
   * @param {number[][]} known
   */
  near(term, answer, known) {
    if (term === "query_class") return answer.map(() => false);
    const agree = known.map((value) =>
      closeness(answer, value, this.sizeOf(term, value)).map((digits) => digits >= ENOUGH),
    );
    return any([...agree, this.blurred.near(term, answer)]);
  }

  // --- What explains a wrong term

  /**
   * What explains the first wrong entry, the likeliest first; nothing if rounding does.
   * @param {string} term
   * @param {number[]} answer
   * @param {boolean[]} wrong
   * @param {boolean[]} near
   * @returns {Finding[]}
   */
  find(term, answer, wrong, near) {
    const first = wrong.indexOf(true);
    const found = this.findLikely(term, answer, wrong);
    if (found.length || near[first]) return best(found);
    const base = this.branches[0].sheet;
    const nearly = (/** @type {number[]} */ value) =>
      closeness(answer, value, this.sizeOf(term, value)).map((digits) => digits >= ENOUGH);
    for (const { cause, detail, value } of this.errorsIn(term)) {
      this.add(found, { cause, detail, madeIn: term, sheet: base.copy() }, term, answer, wrong, value, nearly);
    }
    found.push(...this.findMisprint(term, answer, wrong, 2));
    for (const { value, ...hidden } of [...this.hiddenErrors(term), ...this.errorsThroughout(term)]) {
      this.add(found, hidden, term, answer, wrong, value);
    }
    if (found.length) return best(found);
    const sheet = base.copy();
    const fitting = this.fitsOf(term, answer)(base.compute(term));
    sheet.values.set(term, base.compute(term).map((value, at) => (fitting[at] ? value : answer[at])));
    return [{ cause: null, detail: UNKNOWN, madeIn: term, explained: wrong, sheet, isWhole: false }];
  }

  /**
   * @param {string} term
   * @param {number[]} answer
   * @param {boolean[]} wrong
   */
  findLikely(term, answer, wrong) {
    const base = this.branches[0].sheet;
    const rounded = this.findRounding(term, answer, wrong);
    /** @type {Finding[]} */
    const found = rounded ? [rounded] : [];
    for (const { cause, detail, value } of this.errorsIn(term)) {
      this.add(found, { cause, detail, madeIn: term, sheet: base.copy() }, term, answer, wrong, value);
    }
    const answered = answer[wrong.indexOf(true)];
    if (Math.abs(answered - Number(answered.toFixed(6))) > 1e-9) {
      /** @type {(value: number[]) => boolean[]} */
      const toNine = (value) => digitsOf(answer, value).map((digits) => digits >= 9);
      for (const { value, ...hidden } of this.hiddenErrors(term)) {
        this.add(found, hidden, term, answer, wrong, value, toNine);
      }
    }
    found.push(...this.findMisprint(term, answer, wrong, SURE_MISPRINT));
    for (const { cause, detail, value, exercise } of copiedWrongly(base, term, wrong.indexOf(true))) {
      const sheet = base.copy(exercise);
      this.add(found, { cause, detail, madeIn: term, sheet }, term, answer, wrong, value);
    }
    return found;
  }

  /** @param {string} term */
  errorsIn(term) {
    return this.practice.errors.filter((error) => error.term === term);
  }

  /**
   * Add what is found if its value is in the first wrong entry.
   * @param {Finding[]} found
   * @param {Pick<Finding, "cause" | "detail" | "madeIn" | "sheet">} new_
   * @param {string} term
   * @param {number[]} answer
   * @param {boolean[]} wrong
   * @param {number[]} value
   */
  add(found, new_, term, answer, wrong, value, fits = this.fitsOf(term, answer)) {
    const fitting = fits(value);
    const explained = fitting.map((is, at) => is && wrong[at]);
    if (!explained[wrong.indexOf(true)]) return;
    const own = this.branches[0].sheet.compute(term);
    const isOwn = this.fitsOf(term, answer)(own);
    const rest = own.map((entry, at) => (isOwn[at] ? entry : answer[at]));
    new_.sheet.values.set(term, value.map((entry, at) => (fitting[at] ? entry : rest[at])));
    const isWhole = fitting.every((is, at) => is || explained[at]);
    found.push({ ...new_, explained, isWhole });
  }

  /**
   * @param {string} term
   * @param {number[]} answer
   * @param {boolean[]} wrong
   * @param {number} least
   * @returns {Finding[]}
   */
  findMisprint(term, answer, wrong, least) {
    const first = wrong.indexOf(true);
    const own = this.branches[0].sheet.compute(term);
    const unit = unitOf(this.precision, Math.abs(answer[first]));
    for (const value of [this.right.get(term), own]) {
      const detail = misprint(answer[first], value[first], unit, least);
      if (detail === null) continue;
      const explained = wrong.map((_, at) => at === first);
      const fitting = this.fitsOf(term, answer)(value);
      const sheet = this.branches[0].sheet.copy();
      sheet.values.set(term, value.map((entry, at) => (fitting[at] ? entry : answer[at])));
      const isWhole = fitting.every((is, at) => is || explained[at]);
      return [{ cause: "misprint", detail, madeIn: term, explained, sheet, isWhole }];
    }
    return [];
  }

  /**
   * What the digits of a term are counted from: for an updated parameter, its step.
   * @param {string} term
   * @param {number[]} value
   */
  sizeOf(term, value) {
    const old = this.oldOf(term);
    return old ? value.map((entry, at) => entry - old[at]) : value;
  }

  /**
   * @param {string} term
   * @param {number[]} answer
   * @param {boolean[]} wrong
   * @returns {Finding | null}
   */
  findRounding(term, answer, wrong) {
    for (const sheet of [this.right, this.branches[0].sheet]) {
      const digits = digitsOf(answer, sheet === this.right ? sheet.get(term) : sheet.compute(term));
      const coarse = wrong.map((is, at) => is && digits[at] === 2);
      if (coarse.some(Boolean) && coarse.every((is, at) => is === wrong[at])) {
        const copy = this.branches[0].sheet.copy();
        copy.values.set(term, copy.compute(term));
        const detail = `rounded to 2 digits, ${ENOUGH} are needed`;
        const finding = { cause: "rounding", detail, madeIn: term, explained: coarse };
        return { ...finding, sheet: copy, isWhole: true };
      }
    }
    return null;
  }

  /**
   * Errors in a term that the answer does not show, with what they make of this one.
   * @param {string} term
   */
  hiddenErrors(term) {
    return this.hidden.flatMap((madeIn) =>
      this.errorsIn(madeIn).map(({ cause, detail, value }) => {
        const sheet = this.carried(new Map([[madeIn, value]]));
        return { cause, detail, madeIn, sheet, value: sheet.compute(term) };
      }),
    );
  }

  /**
   * The same error in every term of a kind that the answer does not show.
   * @param {string} term
   */
  errorsThroughout(term) {
    /** @type {Map<string, UsualError[]>} */
    const alike = new Map();
    for (const error of this.hidden.flatMap((hidden) => this.errorsIn(hidden))) {
      const kind = `${error.term.split("/")[0]}: ${error.detail.replace(/\[\d+\]/g, "")}`;
      alike.set(kind, [error, ...(alike.get(kind) ?? [])]);
    }
    const repeated = [...alike.values()].filter((errors) => errors.length > 1);
    return repeated.map((errors) => {
      const [{ cause, detail, term: madeIn }] = errors;
      const sheet = this.carried(new Map(errors.map((error) => [error.term, error.value])));
      return { cause, detail: `${detail}, in every layer`, madeIn, sheet, value: sheet.compute(term) };
    });
  }

  /**
   * The first branch with other values in hidden terms, and what follows from them.
   * @param {Map<string, number[]>} made
   */
  carried(made) {
    const sheet = this.branches[0].sheet.copy();
    let isChanged = false;
    for (const term of [...this.hidden].reverse()) {
      const value = made.get(term);
      isChanged ||= value !== undefined;
      if (isChanged) sheet.values.set(term, value ?? sheet.compute(term));
    }
    return sheet;
  }

  // --- Going on to the next term

  /**
   * @param {string} term
   * @param {number[]} answer
   * @param {number[][]} exact
   * @param {Finding[][]} mistakes
   */
  goOn(term, answer, exact, mistakes) {
    const fits = this.fitsOf(term, answer);
    let chosen = [...answer];
    for (const value of [exact[0], ...exact.slice(1).reverse()]) {
      fits(value).forEach((is, at) => {
        if (is) chosen[at] = value[at];
      });
    }
    if (mistakes.length) {
      this.branchOff(term, answer, mistakes);
      chosen = this.branches[0].sheet.get(term);
    } else {
      for (const branch of this.branches) {
        const own = branch.sheet.compute(term);
        const explained = fits(own);
        branch.explained += explained.filter(Boolean).length;
        branch.sheet.values.set(term, own.map((value, at) => (explained[at] ? value : chosen[at])));
      }
      this.branches.sort((one, other) => other.explained - one.explained);
    }
    for (const sheet of this.written) {
      const own = sheet.compute(term);
      sheet.values.set(term, answer.map((value, at) => (Number.isNaN(value) ? own[at] : value)));
    }
    this.blurred.keep(term, answer, chosen);
  }

  /**
   * One branch for each finding, one for the number as it is written, and one without an effect.
   * @param {string} term
   * @param {number[]} answer
   * @param {Finding[][]} mistakes
   */
  branchOff(term, answer, mistakes) {
    const [parent] = this.branches;
    const [[first, ...alternatives], ...others] = mistakes;
    const own = parent.sheet.compute(term);
    const fitting = this.fitsOf(term, answer)(own);
    const asWritten = parent.sheet.copy();
    asWritten.values.set(term, own.map((value, at) => (fitting[at] ? value : answer[at])));
    const withoutEffect = parent.sheet.copy();
    withoutEffect.values.set(term, own);
    const { explained } = parent;
    /** @type {(finding: Finding, sheet: Sheet) => Branch} */
    const branch = (finding, sheet) => ({
      sheet,
      explained,
      mistake: parent.mistake ?? mistakeOf(finding),
    });
    let branches = [
      ...[first, ...alternatives].map((finding) => branch(finding, finding.sheet)),
      branch(first, asWritten),
      branch(first, withoutEffect),
    ];
    if (term.startsWith("outputs")) {
      branches = branches.flatMap((one) =>
        SOURCES.map((source) => ({ ...one, sheet: one.sheet.copy(undefined, source) })),
      );
    }
    this.branches = branches.slice(0, MOST_BRANCHES);
    for (const [other] of others) {
      const value = other.sheet.get(term);
      for (const { sheet } of this.branches) {
        const merged = sheet.get(term).map((entry, at) => (other.explained[at] ? value[at] : entry));
        sheet.values.set(term, merged);
      }
    }
    this.computesExactly &&= mistakes.every(([finding]) => finding.cause !== null);
    if (first.madeIn !== term) this.adopt(first);
  }

  /**
   * Take over what an error made of terms that the answer does not show.
   * @param {Finding} finding
   */
  adopt(finding) {
    for (const sheet of [...this.written, ...this.blurred.sheets]) {
      for (const term of this.hidden) {
        const value = finding.sheet.values.get(term);
        if (value) sheet.values.set(term, value);
      }
    }
  }
}

/**
 * Those that explain the whole answer, or the most entries.
 * @param {Finding[]} found
 */
function best(found) {
  /** @type {(one: Finding) => number} */
  const score = (one) => Number(one.isWhole) * 1e6 + one.explained.filter(Boolean).length;
  const most = Math.max(...found.map(score));
  return found.filter((one) => score(one) === most).slice(0, MOST_ALTERNATIVES);
}

/**
 * @param {Finding} finding
 * @returns {Mistake}
 */
function mistakeOf({ cause, detail, madeIn, explained }) {
  return { cause, detail, madeIn, entry: explained.indexOf(true) };
}

/** @param {boolean[][]} masks */
function any(masks) {
  return masks[0].map((_, at) => masks.some((mask) => mask[at]));
}
