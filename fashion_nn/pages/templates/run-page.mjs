// The model in the page: draw, or give it a picture, and see what it answers and why.
import {Network, decode} from "./run-engine.mjs";
import {Examples, jsonOf, openCells} from "./run-examples.mjs";
import {backgroundOf, framed, greyOf, resized} from "./run-framing.mjs";
import {drawOutput, drawSigned} from "./run-maps.mjs";
import {serveOcclusion} from "./run-occlusion.mjs";

/** Milliseconds that an answer may take for the page to answer while somebody draws. */
const WHILE_DRAWING = 40;
const PEN = 0.08;
const KEYS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

const element = id => document.getElementById(id);

/** Divide the logits behind probabilities by a temperature. */
function tempered(probabilities, temperature) {
  const logits = Array.from(probabilities, p => Math.log(Math.max(p, 1.2e-38)) / temperature);
  const largest = Math.max(...logits);
  const powers = logits.map(logit => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map(power => power / sum);
}

class Trial {
  constructor(model, names, examples) {
    this.model = model;
    this.names = names;
    this.examples = examples;
    this.numbers = decode(model.numbers);
    this.network = new Network(model.description, this.numbers);
    [this.height, this.width, this.channels = 1] = model.description.image_shape;
    this.surface = element("draw");
    this.ink = this.surface.getContext("2d", {willReadFrequently: true});
    this.isDrawing = true;
    this.pixels = new Uint8ClampedArray(this.height * this.width * this.channels);
    this.pen = [this.surface.width / 2, this.surface.height / 2];
    this.milliseconds = 0;
    this.layersAreSeen = false;
  }

  start() {
    this.#listenToPen();
    this.#listenToKeys();
    this.#listenToPictures();
    element("clear").addEventListener("click", () => this.clear());
    element("invert").addEventListener("change", () => this.look());
    element("example").addEventListener("click", () => this.takeAny());
    element("occlude").addEventListener("click", () => this.occlude());
    this.#findMaps();
    element("shown").hidden = false;
    element("first").remove();
    element("first-answer").remove();
    this.take(0);
  }

  // What is drawn.

  get #paper() {
    return this.model.framing.dark ? "#000" : "#fff";
  }

  clear() {
    this.#wipe(this.#paper);
    this.isDrawing = true;
    element("invert").checked = false;
    this.#name("your drawing");
    this.look();
  }

  /** Say what is on the drawing surface. */
  #name(source) {
    for (const id of ["source", "shown-from"]) element(id).textContent = source;
  }

  #wipe(colour) {
    this.ink.fillStyle = colour;
    this.ink.fillRect(0, 0, this.surface.width, this.surface.height);
  }

  #line(from, to) {
    if (!this.isDrawing) this.clear();
    this.ink.strokeStyle = this.model.framing.dark ? "#fff" : "#000";
    this.ink.lineWidth = PEN * this.surface.width;
    this.ink.lineCap = "round";
    this.ink.beginPath();
    this.ink.moveTo(...from);
    this.ink.lineTo(...to);
    this.ink.stroke();
    if (this.milliseconds < WHILE_DRAWING) this.#lookSoon();
  }

  #lookSoon() {
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => this.look());
  }

  #placeOf(event) {
    const {left, top, width, height} = this.surface.getBoundingClientRect();
    return [
      (event.clientX - left) * this.surface.width / width, (event.clientY - top) * this.surface.height / height,
    ];
  }

  #listenToPen() {
    let last = null;
    this.surface.addEventListener("pointerdown", event => {
      this.surface.setPointerCapture(event.pointerId);
      last = this.#placeOf(event);
      this.#line(last, last);
    });
    this.surface.addEventListener("pointermove", event => {
      if (!last) return;
      const next = this.#placeOf(event);
      this.#line(last, next);
      last = next;
    });
    for (const end of ["pointerup", "pointercancel"]) {
      this.surface.addEventListener(end, () => {
        if (last) this.look();
        last = null;
      });
    }
  }

  /** Arrow keys move the pen, and draw while Shift is held; Delete clears. */
  #listenToKeys() {
    const mark = element("pen");
    const show = () => {
      mark.style.left = `${100 * this.pen[0] / this.surface.width}%`;
      mark.style.top = `${100 * this.pen[1] / this.surface.height}%`;
    };
    show();
    this.surface.addEventListener("keydown", event => {
      if (event.key === "Delete" || event.key === "Backspace") this.clear();
      const step = KEYS[event.key];
      if (!step) return;
      event.preventDefault();
      const size = this.surface.width / 20;
      const next = this.pen.map((place, axis) => Math.min(Math.max(place + size * step[axis], 0), this.surface.width));
      if (event.shiftKey) {
        this.#line(this.pen, next);
        this.#lookSoon();
      }
      this.pen = next;
      show();
    });
  }

  // Pictures.

  #listenToPictures() {
    const open = files => {
      const file = [...files].find(each => each.type.startsWith("image/"));
      if (file) this.open(file);
    };
    element("file").addEventListener("change", ({target}) => {
      open(target.files);
      target.value = "";  // The same file may be opened again.
    });
    document.addEventListener("paste", event => open(event.clipboardData.files));
    document.addEventListener("dragover", event => event.preventDefault());
    document.addEventListener("drop", event => {
      event.preventDefault();
      open(event.dataTransfer.files);
    });
  }

  /** Show a picture on the drawing surface, whole, and give it to the model. */
  async open(file) {
    let picture;
    try {
      picture = await createImageBitmap(file);
    } catch {
      element("verdict").textContent = "This file is no picture that the browser can read.";
      return;
    }
    this.#wipe("#fff");
    const scale = Math.min(this.surface.width / picture.width, this.surface.height / picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    const [left, top] = [(this.surface.width - width) / 2, (this.surface.height - height) / 2];
    this.ink.imageSmoothingQuality = "high";
    this.ink.drawImage(picture, left, top, width, height);
    const background = backgroundOf(greyOf(this.ink.getImageData(
      Math.ceil(left), Math.ceil(top), Math.max(1, Math.floor(width)), Math.max(1, Math.floor(height)),
    )));
    const isLight = background > 127;
    this.#wipe(`rgb(${background} ${background} ${background})`);
    this.ink.drawImage(picture, left, top, width, height);
    this.isDrawing = false;
    this.example = null;
    element("invert").checked = this.channels === 1 && this.model.framing.box !== null && isLight === this.model.framing.dark;
    this.#name("your picture");
    this.look();
  }

  takeAny() {
    const wanted = element("which").value;
    const images = this.examples.data.images;
    const fitting = [...images.keys()].filter(i => wanted === "" || images[i][1] === Number(wanted));
    if (fitting.length) this.take(fitting[Math.floor(Math.random() * fitting.length)]);
  }

  /** Give an image of the data set to the model, as it is. */
  take(number) {
    const canvas = this.examples.draw(number);
    this.ink.imageSmoothingEnabled = false;
    this.ink.drawImage(canvas, 0, 0, this.surface.width, this.surface.height);
    this.ink.imageSmoothingEnabled = true;
    this.isDrawing = false;
    this.example = canvas.getContext("2d").getImageData(0, 0, this.width, this.height);
    element("invert").checked = false;
    this.#name(this.examples.describe(number));
    this.look();
  }

  // What the model sees and answers.

  #pixelsSeen() {
    const isExample = !this.isDrawing && this.example;
    const source = isExample ? this.example : this.ink.getImageData(0, 0, this.surface.width, this.surface.height);
    const sign = element("invert").checked;
    const data = sign ? source.data.map((value, i) => (i % 4 === 3 ? value : 255 - value)) : source.data;
    const picture = {data, width: source.width, height: source.height};
    if (this.channels === 3) return inColour(picture, this.height, this.width);
    const grey = greyOf(picture);
    if (isExample) return Uint8ClampedArray.from(grey.values);
    return framed(grey, this.model.framing, this.height, this.width);
  }

  look() {
    cancelAnimationFrame(this.waiting);
    this.pixels = this.#pixelsSeen();
    this.#showSeen();
    const start = performance.now();
    const {probabilities, values} = this.network.run(this.pixels);
    this.milliseconds = performance.now() - start;
    this.values = values;
    this.#showAnswer(probabilities);
    if (this.layersAreSeen) this.#showMaps();
  }

  #showSeen() {
    const image = new ImageData(this.width, this.height);
    for (let i = 0; i < this.height * this.width; i++) {
      const from = i * this.channels;
      const last = this.channels - 1;
      image.data.set([0, 1, 2].map(c => this.pixels[from + Math.min(c, last)]), 4 * i);
      image.data[4 * i + 3] = 255;
    }
    for (const id of ["seen", "shown"]) element(id).getContext("2d").putImageData(image, 0, 0);
    element("heat").getContext("2d").clearRect(0, 0, this.width, this.height);
    element("heat-note").textContent = "";
    this.worker?.terminate();
    element("occlude").disabled = false;
  }

  #showAnswer(probabilities) {
    this.best = probabilities.indexOf(Math.max(...probabilities));
    const calibrated = Math.max(...tempered(probabilities, this.model.temperature));
    const rows = element("bars").children;
    probabilities.forEach((p, i) => {
      rows[i].classList.toggle("best", i === this.best);
      rows[i].dataset.probability = p;
      rows[i].querySelector("i").style.width = `${100 * p}%`;
      rows[i].lastElementChild.textContent = percent(p);
    });
    const isBlank = this.pixels.every(value => value === this.pixels[0]);
    const isSure = calibrated >= this.model.sure;
    const answer = `${this.names[this.best]}, ${percent(calibrated)}`;
    element("verdict").textContent = isBlank ? "nothing to see yet" : isSure ? answer : `not sure: perhaps ${answer}`;
    element("verdict").classList.toggle("unsure", isBlank || !isSure);
    element("shown-as").textContent = isBlank ? "" : answer;
    element("time").textContent = `${this.milliseconds < 10 ? this.milliseconds.toFixed(1) : Math.round(this.milliseconds)} ms`;
  }

  // The layers.

  /** Put a canvas in the place of each picture of a layer's output. */
  #findMaps() {
    const seen = {};
    this.maps = [];
    for (const item of document.querySelectorAll(".layers li")) {
      const name = item.dataset.layer;
      const call = seen[name] = (seen[name] ?? -1) + 1;
      const steps = this.model.description.steps;
      const number = [...steps.keys()].filter(i => steps[i].name === name)[call];
      const picture = item.querySelector("img");
      if (!picture || number === undefined) continue;
      const canvas = document.createElement("canvas");
      canvas.className = picture.className;
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", picture.alt);
      Object.assign(canvas, {width: picture.width, height: picture.height});
      picture.replaceWith(canvas);
      this.maps.push([canvas, number]);
    }
    const watched = new IntersectionObserver(([entry]) => {
      this.layersAreSeen = entry.isIntersecting;
      if (entry.isIntersecting) this.#showMaps();
    });
    watched.observe(element("layers").parentElement);
    addEventListener("beforeprint", () => this.#showMaps());
  }

  #showMaps() {
    for (const [canvas, number] of this.maps) drawOutput(canvas, this.values[number]);
  }

  // Occlusion.

  occlude() {
    const note = element("heat-note");
    const label = this.best;
    element("occlude").disabled = true;
    const source = element("page-script").textContent;
    this.worker = new Worker(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
    this.worker.onmessage = ({data: {share, heat}}) => {
      if (!heat) {
        note.textContent = `${Math.round(100 * share)} %`;
        return;
      }
      const largest = Math.max(...heat.map(Math.abs));
      drawSigned(element("heat"), heat, this.width, largest || 1);
      note.textContent = `Blue: covering this place lowers the probability of ${this.names[label]}, by up to ${percent(Math.max(...heat, 0))}; orange: it raises it.`;
      element("occlude").disabled = false;
      this.worker.terminate();
    };
    const {description, framing} = this.model;
    const background = framing.dark ? 0 : 255;
    this.worker.postMessage({description, numbers: this.numbers, pixels: this.pixels, label, background});
  }
}

function percent(p) {
  return p < 0.001 ? "0 %" : `${(100 * p).toFixed(1)} %`;
}

/** A picture in colour, whole, in the size of the model. */
function inColour({data, width, height}, newHeight, newWidth) {
  const whole = {left: 0, top: 0, width, height};
  const result = new Uint8ClampedArray(newHeight * newWidth * 3);
  for (let channel = 0; channel < 3; channel++) {
    const values = Float32Array.from({length: width * height}, (_, i) => data[4 * i + channel]);
    const small = resized({values, width, height}, whole, newWidth, newHeight).values;
    small.forEach((value, i) => { result[3 * i + channel] = value; });
  }
  return result;
}

async function startPage() {
  const names = jsonOf("names");
  const examples = await Examples.load(jsonOf("examples"), names);
  const model = jsonOf("model");
  const trial = model && new Trial(model, names, examples);
  const choose = trial && (number => {
    trial.take(number);
    element("try").scrollIntoView();
  });
  openCells(examples, choose);
  trial?.start();
}

if (typeof document === "undefined") serveOcclusion();
else startPage();
