// The images of a page: one picture holds all of them, and the confusion matrix shows those of a cell.

/**
 * @typedef {{sprite: string, columns: number, height: number, width: number, part: string,
 *   images: [number, number, number, number][]}} ExampleData
 *   Of each image: its row, the true and the predicted class (-1 if unknown), and the probability
 *   of the predicted one.
 */

/** The content of a script element that holds JSON; null where there is none. */
export function jsonOf(id) {
  const holder = document.getElementById(id);
  return holder && JSON.parse(holder.textContent);
}

export class Examples {
  /** @param {ExampleData} data @param {string[]} names @param {HTMLImageElement} sprite */
  constructor(data, names, sprite) {
    this.data = data;
    this.names = names;
    this.sprite = sprite;
  }

  /** @param {ExampleData} data @param {string[]} names @returns {Promise<Examples>} */
  static async load(data, names) {
    const sprite = new Image();
    sprite.src = data.sprite;
    await sprite.decode();
    return new Examples(data, names, sprite);
  }

  /** A canvas with the image of this number. */
  draw(number) {
    const {columns, height, width} = this.data;
    const canvas = Object.assign(document.createElement("canvas"), {width, height});
    const [x, y] = [number % columns * width, Math.floor(number / columns) * height];
    canvas.getContext("2d").drawImage(this.sprite, x, y, width, height, 0, 0, width, height);
    return canvas;
  }

  /** What is known of an image, in words. */
  describe(number) {
    const [row, label, taken, confidence] = this.data.images[number];
    const start = `${this.data.part} image ${row}: ${this.names[label]}`;
    if (taken < 0) return start;
    const share = `${Math.round(100 * confidence)} %`;
    return taken === label ? `${start}, recognised with ${share}` : `${start}, taken for ${this.names[taken]} with ${share}`;
  }

  /** The numbers of the images of one cell of the confusion matrix. */
  ofCell(label, taken) {
    return [...this.data.images.keys()].slice(1)
      .filter(i => this.data.images[i][1] === label && this.data.images[i][2] === taken);
  }
}

/**
 * Make the cells of the confusion matrix buttons, which show their images below it.
 * @param {Examples} examples
 * @param {((number: number) => void) | null} choose  Called with the image that is clicked.
 */
export function openCells(examples, choose) {
  const panel = document.getElementById("cell");
  const buttons = [...document.querySelectorAll(".matrix td[data-cell]")].map(cell => {
    const button = document.createElement("button");
    const [label, taken] = cell.dataset.cell.split(",").map(Number);
    button.type = "button";
    button.textContent = cell.textContent;
    button.tabIndex = -1;
    button.setAttribute("aria-label", cell.title);
    button.addEventListener("click", () => showCell(panel, examples, cell, label, taken, choose));
    cell.replaceChildren(button);
    return button;
  });
  if (!buttons.length) return;
  buttons[0].tabIndex = 0;
  document.getElementById("cell-help").hidden = false;
  for (const button of buttons) {
    button.addEventListener("keydown", event => moveAlong(event, buttons));
    button.addEventListener("focus", () => {
      for (const other of buttons) other.tabIndex = other === button ? 0 : -1;
    });
  }
}

/** Arrow keys move from cell to cell. */
function moveAlong(event, buttons) {
  const side = Math.round(Math.sqrt(buttons.length));
  const step = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: side, ArrowUp: -side}[event.key];
  const next = step && buttons[buttons.indexOf(event.currentTarget) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function showCell(panel, examples, cell, label, taken, choose) {
  for (const other of document.querySelectorAll(".matrix .open")) other.classList.remove("open");
  cell.classList.add("open");
  const numbers = examples.ofCell(label, taken);
  const count = Number(cell.textContent);
  const heading = document.createElement("h3");
  const what = label === taken ? "recognised" : `taken for ${examples.names[taken]}`;
  heading.textContent = `${examples.names[label]} ${what}: ${count} image${count === 1 ? "" : "s"}`;
  const order = label === taken ? "the least certain" : "the worst";
  const note = document.createElement("p");
  note.className = "note";
  note.textContent = numbers.length < count ? `Shown: ${order} ${numbers.length}.` : "";
  const list = document.createElement("ul");
  list.className = "grid";
  list.append(...numbers.map(number => exampleItem(examples, number, choose)));
  panel.replaceChildren(heading, note, list);
  panel.hidden = false;
}

function exampleItem(examples, number, choose) {
  const [row, , , confidence] = examples.data.images[number];
  const item = document.createElement("li");
  const canvas = examples.draw(number);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", examples.describe(number));
  const caption = document.createElement("span");
  caption.className = "note";
  caption.textContent = `${Math.round(100 * confidence)}\u00a0% row\u00a0${row}`;
  const holder = document.createElement(choose ? "button" : "div");
  if (choose) {
    holder.type = "button";
    holder.title = "Give this image to the model";
    holder.addEventListener("click", () => choose(number));
  }
  holder.append(canvas, caption);
  item.append(holder);
  return item;
}
