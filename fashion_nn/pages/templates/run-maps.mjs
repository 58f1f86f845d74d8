// Numbers as pictures: blue above zero, orange below, as `pictures.py` draws them.

const POSITIVE = [47, 129, 201];
const NEGATIVE = [224, 113, 44];
const CHANNELS = 16;
const COLUMNS = 8;
const STRIP = 128;

/** Draw `values` into `canvas`, one pixel for each; NaN and 0 are transparent. */
export function drawSigned(canvas, values, width, largest) {
  canvas.width = width;
  canvas.height = values.length / width;
  const image = new ImageData(canvas.width, canvas.height);
  values.forEach((value, i) => {
    const strength = Math.min(Math.abs(value) / largest, 1) || 0;
    image.data.set(value < 0 ? NEGATIVE : POSITIVE, 4 * i);
    image.data[4 * i + 3] = Math.round(255 * strength);
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Draw what a layer gives: maps side by side, or numbers as a square or in rows. */
export function drawOutput(canvas, {data, shape}) {
  const largest = strongest(data);
  if (shape.length === 3 && shape[2] > 1) {
    const {values, width} = sideBySide(data, shape);
    drawSigned(canvas, values, width, largest);
    return;
  }
  const side = Math.sqrt(data.length);
  if (shape.length > 1) drawSigned(canvas, data, shape[1], largest);
  else if (side >= 16 && Number.isInteger(side)) drawSigned(canvas, data, side, largest);
  else drawRows(canvas, data, largest);
}

/** The value that only one number in 200 exceeds: a few large ones would make all others pale. */
function strongest(data) {
  const sorted = Float32Array.from(data, Math.abs).sort();
  return sorted[Math.floor(0.995 * (sorted.length - 1))] || sorted[sorted.length - 1] || 1;
}

function drawRows(canvas, data, largest) {
  const rows = Math.max(1, Math.ceil(data.length / STRIP));
  const width = Math.ceil(data.length / rows);
  const values = new Float32Array(rows * width).fill(NaN);
  values.set(data);
  drawSigned(canvas, values, width, largest);
}

function sideBySide(data, [height, width, channels]) {
  const shown = Math.min(channels, CHANNELS);
  const columns = Math.min(shown, COLUMNS);
  const across = columns * (width + 1) - 1;
  const values = new Float32Array(across * (Math.ceil(shown / columns) * (height + 1) - 1)).fill(NaN);
  for (let channel = 0; channel < shown; channel++) {
    const top = Math.floor(channel / columns) * (height + 1);
    const left = channel % columns * (width + 1);
    for (let i = 0; i < height * width; i++) {
      const place = (top + Math.floor(i / width)) * across + left + i % width;
      values[place] = data[i * channels + channel];
    }
  }
  return {values, width: across};
}
