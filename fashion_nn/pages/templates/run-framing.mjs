// Makes of a drawing or a picture an image like those of the data set.

/**
 * @typedef {{box: number | null, centre: string, dark: boolean}} Framing  See `pages/framing.py`.
 * @typedef {{values: Float32Array, width: number, height: number}} Grey  One number a pixel, 0 to 255.
 */

/** From this brightness on, a pixel belongs to the object, not to its background. */
const OBJECT = 40;

/** @returns {Grey} the brightness of pixels with four bytes each. */
export function greyOf({data, width, height}) {
  const values = new Float32Array(width * height);
  for (let i = 0; i < values.length; i++) {
    values[i] = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
  }
  return {values, width, height};
}

/** The median of the pixels along the four edges. */
export function backgroundOf({values, width, height}) {
  const edge = [];
  for (let x = 0; x < width; x++) edge.push(values[x], values[(height - 1) * width + x]);
  for (let y = 0; y < height; y++) edge.push(values[y * width], values[y * width + width - 1]);
  return edge.sort((a, b) => a - b)[edge.length >> 1];
}

/** The object on a background of 0, its brightest pixel 255. @returns {Grey} */
function withoutBackground(grey) {
  const background = backgroundOf(grey);
  const range = grey.values.reduce((most, value) => Math.max(most, value), 0) - background;
  if (range < OBJECT) return {...grey, values: grey.values.map(() => 0)};
  return {...grey, values: grey.values.map(value => Math.max(value - background, 0) * 255 / range)};
}

/** The rectangle around the object; null where there is none. */
function boundsOf({values, width, height}) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  values.forEach((value, i) => {
    if (value < OBJECT) return;
    const x = i % width;
    const y = Math.floor(i / width);
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  });
  return right < 0 ? null : {left, top, width: right - left + 1, height: bottom - top + 1};
}

/** A rectangle of an image in another size: each pixel is the mean of the area that it covers. */
export function resized(grey, {left, top, width, height}, newWidth, newHeight) {
  const values = new Float32Array(newWidth * newHeight);
  for (let i = 0; i < newHeight; i++) {
    for (let j = 0; j < newWidth; j++) {
      const rows = [top + i * height / newHeight, top + (i + 1) * height / newHeight];
      const columns = [left + j * width / newWidth, left + (j + 1) * width / newWidth];
      values[i * newWidth + j] = meanOver(grey, rows, columns);
    }
  }
  return {values, width: newWidth, height: newHeight};
}

function meanOver({values, width}, [top, bottom], [left, right]) {
  let sum = 0;
  let area = 0;
  for (let y = Math.floor(top); y < bottom; y++) {
    const high = Math.min(y + 1, bottom) - Math.max(y, top);
    for (let x = Math.floor(left); x < right; x++) {
      const share = high * (Math.min(x + 1, right) - Math.max(x, left));
      sum += share * values[y * width + x];
      area += share;
    }
  }
  return sum / area;
}

/** The centre of the brightness, in pixels from the left and from the top. */
function massOf({values, width}) {
  let [sum, x, y] = [0, 0, 0];
  values.forEach((value, i) => {
    sum += value;
    x += value * (i % width + 0.5);
    y += value * (Math.floor(i / width) + 0.5);
  });
  return [x / sum, y / sum];
}

/**
 * An image of `height` x `width` pixels for the model.
 * @param {Grey} grey
 * @param {Framing} framing
 * @returns {Uint8ClampedArray}
 */
export function framed(grey, framing, height, width) {
  if (framing.box === null) {
    const whole = {left: 0, top: 0, width: grey.width, height: grey.height};
    return Uint8ClampedArray.from(resized(grey, whole, width, height).values);
  }
  const towardsLight = framing.dark ? grey.values : grey.values.map(value => 255 - value);
  const object = withoutBackground({...grey, values: towardsLight});
  const result = new Uint8ClampedArray(height * width);
  const bounds = boundsOf(object);
  if (bounds) place(object, bounds, framing, result, height, width);
  return framing.dark ? result : result.map(value => 255 - value);
}

function place(object, bounds, framing, result, height, width) {
  const scale = framing.box / Math.max(bounds.width, bounds.height);
  const [wide, high] = [bounds.width, bounds.height].map(size => Math.max(1, Math.round(size * scale)));
  const small = resized(object, bounds, wide, high);
  const [x, y] = framing.centre === "mass" ? massOf(small) : [wide / 2, high / 2];
  const [right, down] = [Math.round(width / 2 - x), Math.round(height / 2 - y)];
  small.values.forEach((value, i) => {
    const [column, row] = [i % wide + right, Math.floor(i / wide) + down];
    if (column >= 0 && column < width && row >= 0 && row < height) result[row * width + column] = value;
  });
}
