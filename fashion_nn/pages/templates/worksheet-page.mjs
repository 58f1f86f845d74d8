// @ts-check
// Checking on the page of a worksheet: the verdict beside each term, and the first mistake by name.
import { answers, boxOf, cellsOf, data } from "./worksheet-form.mjs";
import { markUnreadable, say } from "./worksheet-save.mjs";
import { check } from "./worksheet-check.mjs";

/** @typedef {import("./worksheet-check.mjs").Mark} Mark */

const WORDS = { right: "right", follows: "follows from an earlier mistake", wrong: "wrong" };

/** @param {string} term such as `nets/1` @returns the key on the sheet, such as `z[1]` */
const keyOf = (term) => data.fields.find((field) => field.term === term)?.key ?? term;

/** @param {Mark} mark */
function inWords({ term, verdict, mistake }) {
  if (!mistake) return WORDS[verdict];
  const where = mistake.madeIn === term ? "" : ` in ${keyOf(mistake.madeIn)}, which is left out`;
  const name = mistake.cause ? `${mistake.cause}${where}: ` : "";
  return `${WORDS[verdict]}. ${name}${mistake.detail}`;
}

/**
 * Show the verdicts on some terms.
 * @param {Mark[]} marks
 */
function show(marks) {
  for (const mark of marks) {
    const box = boxOf(mark.term);
    box.className = mark.verdict;
    const output = box.querySelector("output");
    if (output) output.textContent = inWords(mark);
    if (mark.mistake && mark.mistake.entry >= 0) {
      cellsOf(mark.term)[mark.mistake.entry].setAttribute("aria-invalid", "true");
    }
  }
}

/** Remove the verdicts, which belong to earlier answers. */
function clear() {
  for (const { term } of data.fields) {
    const box = boxOf(term);
    box.className = "";
    const output = box.querySelector("output");
    if (output) output.textContent = "";
  }
  markUnreadable();
}

function checkEverything() {
  clear();
  const marks = check(data.practice, answers());
  show(marks);
  const points = marks.filter((mark) => mark.verdict !== "wrong").length;
  const first = marks.find((mark) => mark.verdict === "wrong");
  const about = first ? ` The first wrong term is ${keyOf(first.term)}: ${inWords(first)}` : "";
  say(`${points} of ${data.fields.length} points.${about}`);
}

/** Check the terms that are complete, after one of them was changed. */
function checkAtOnce() {
  const isWanted = /** @type {HTMLInputElement} */ (document.getElementById("at-once")).checked;
  clear();
  if (!isWanted) return;
  const complete = [...answers()].filter(([, numbers]) => !numbers.some(Number.isNaN));
  show(check(data.practice, new Map(complete)));
}

document.getElementById("check")?.addEventListener("click", checkEverything);
document.getElementById("sheet")?.addEventListener("change", checkAtOnce);
