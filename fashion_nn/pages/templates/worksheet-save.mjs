// @ts-check
// Saving the answers of a worksheet as a file, and opening them again.
import { answersAsJson, cellsOf, data, fillIn, numberIn } from "./worksheet-form.mjs";

/** @param {string} text */
export function say(text) {
  const status = document.getElementById("status");
  if (status) status.textContent = text;
}

/** Mark the cells in which there is something else than a number. */
export function markUnreadable() {
  for (const { term } of data.fields) {
    for (const cell of cellsOf(term)) {
      const isUnreadable = cell.value.trim() !== "" && Number.isNaN(numberIn(cell));
      cell.setAttribute("aria-invalid", String(isUnreadable));
    }
  }
}

function save() {
  const url = URL.createObjectURL(new Blob([answersAsJson()], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${data.file}.json`;
  link.click();
  URL.revokeObjectURL(url);
  const empty = data.fields.flatMap(({ term }) => cellsOf(term)).filter((cell) => !cell.value.trim());
  say(`Saved as ${data.file}.json${empty.length ? `; ${empty.length} numbers are left out` : ""}.`);
}

/** @param {File} file */
async function openSaved(file) {
  try {
    if (file.size > 1_000_000) throw new Error("The file is too large.");
    fillIn(await file.text());
    say("The saved answers are filled in.");
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
}

document.getElementById("save")?.addEventListener("click", save);
document.getElementById("sheet")?.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("sheet")?.addEventListener("change", markUnreadable);
document.getElementById("open")?.addEventListener("change", (event) => {
  const file = /** @type {HTMLInputElement} */ (event.target).files?.[0];
  if (file) openSaved(file);
});
