const body = document.querySelector("#class tbody");
for (const button of document.querySelectorAll("#class th button")) {
  button.addEventListener("click", () => {
    const head = button.parentElement;
    const column = head.cellIndex;
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = row => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
    const rows = [...body.rows].sort((a, b) => value(a).localeCompare(value(b), undefined, {numeric: true}));
    body.append(...(down ? rows.reverse() : rows));
  });
}
