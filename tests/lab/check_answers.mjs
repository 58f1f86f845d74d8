// Reads a list of {practice, answers} as JSON and writes the marks of each, for test_practice_page.py.
import { readFileSync } from "node:fs";

const [modules, cases] = process.argv.slice(2);
const { check } = await import(`file://${modules}/worksheet-check.mjs`);
const marks = JSON.parse(readFileSync(cases, "utf8")).map(({ practice, answers }) =>
  check(
    practice,
    new Map(
      Object.entries(answers).map(([term, numbers]) => [
        term,
        numbers.map((number) => number ?? NaN),
      ]),
    ),
  ),
);
console.log(JSON.stringify(marks));
