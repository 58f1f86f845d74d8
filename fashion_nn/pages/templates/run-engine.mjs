// Runs a network for one image. A network is a list of steps; `pages/network.py` writes it from a model.

/**
 * @typedef {{data: Float32Array, shape: number[]}} Tensor  Channels last, without the axis of images.
 * @typedef {Object<string, any>} Options  The arguments of a layer in Keras.
 * @typedef {{name: string, kind: string, inputs: number[], options: Options,
 *   weights: {start: number, shape: number[]}[]}} Step
 *   `inputs` are numbers of values: 0 is the image, and step i gives value i + 1.
 * @typedef {{image_shape: number[], factor: number, offset: number, arrangement: string, steps: Step[],
 *   output: number, head: string, softmax: boolean}} Description
 * @typedef {(inputs: Tensor[], options: Options, weights: Tensor[]) => Tensor} Layer
 */

const sizeOf = shape => shape.reduce((product, size) => product * size, 1);
const empty = shape => ({data: new Float32Array(sizeOf(shape)), shape});

/** @type {Object<string, (x: number) => number>} */
const activations = {
  linear: x => x,
  relu: x => (x > 0 ? x : 0),
  relu6: x => Math.min(Math.max(x, 0), 6),
  leaky_relu: x => (x > 0 ? x : 0.2 * x),
  elu: x => (x > 0 ? x : Math.expm1(x)),
  selu: x => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  gelu: x => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  sigmoid: x => 1 / (1 + Math.exp(-x)),
  hard_sigmoid: x => Math.min(Math.max(x / 6 + 0.5, 0), 1),
  silu: x => x / (1 + Math.exp(-x)),
  hard_silu: x => x * Math.min(Math.max(x / 6 + 0.5, 0), 1),
  mish: x => x * Math.tanh(softplus(x)),
  tanh: Math.tanh,
  softplus,
  softsign: x => x / (1 + Math.abs(x)),
  exponential: Math.exp,
};
activations.swish = activations.silu;
activations.hard_swish = activations.hard_silu;

function softplus(x) {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** The error function, from its Taylor series near 0 and a continued fraction elsewhere. */
function erf(x) {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17; n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return 2 * sum / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (size + fraction));
}

/** @returns {Tensor} the softmax along the last axis. */
function softmaxOf({data, shape}) {
  const width = shape[shape.length - 1];
  const result = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += width) {
    let largest = -Infinity;
    for (let i = start; i < start + width; i++) largest = Math.max(largest, data[i]);
    let sum = 0;
    for (let i = start; i < start + width; i++) sum += Math.exp(data[i] - largest);
    for (let i = start; i < start + width; i++) result[i] = Math.exp(data[i] - largest) / sum;
  }
  return {data: result, shape};
}

function activated(tensor, name) {
  if (!name || name === "linear") return tensor;
  if (name === "softmax") return softmaxOf(tensor);
  return {data: tensor.data.map(activations[name]), shape: tensor.shape};
}

/** @type {(f: (x: number, options: Options) => number) => Layer} */
const elementwise = f => ([x], options) => ({data: x.data.map(value => f(value, options)), shape: x.shape});

/** The number of an axis that Keras counts with the axis of images. */
const axisOf = (axis, shape) => (axis < 0 ? axis + shape.length : axis - 1);

// Matrix products.

/**
 * The product of `rows` x `depth` numbers and the transpose of `columns` x `depth` numbers.
 * Four rows and two columns at a time, so that each number that is read is used several times.
 */
function multiply(left, right, bias, rows, columns, depth, result) {
  let row = 0;
  for (; row + 3 < rows; row += 4) multiplyFourRows(left, right, bias, row, columns, depth, result);
  for (; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = bias ? bias[column] : 0;
      for (let k = 0, i = row * depth, j = column * depth; k < depth; k++) sum += left[i + k] * right[j + k];
      result[row * columns + column] = sum;
    }
  }
}

function multiplyFourRows(left, right, bias, row, columns, depth, result) {
  const first = row * depth;
  for (let column = 0; column < columns; column += 2) {
    const pair = column + 1 < columns ? depth : 0;
    const start = column * depth;
    let a0 = 0, a1 = 0, b0 = 0, b1 = 0, c0 = 0, c1 = 0, d0 = 0, d1 = 0;
    for (let k = 0; k < depth; k++) {
      const w0 = right[start + k];
      const w1 = right[start + pair + k];
      const a = left[first + k];
      const b = left[first + depth + k];
      const c = left[first + 2 * depth + k];
      const d = left[first + 3 * depth + k];
      a0 += a * w0; a1 += a * w1; b0 += b * w0; b1 += b * w1;
      c0 += c * w0; c1 += c * w1; d0 += d * w0; d1 += d * w1;
    }
    const sums = [a0, b0, c0, d0, a1, b1, c1, d1];
    for (let i = 0; i < (pair ? 8 : 4); i++) {
      const place = column + (i >> 2);
      result[(row + i % 4) * columns + place] = sums[i] + (bias ? bias[place] : 0);
    }
  }
}

const transposes = new WeakMap();

/** The transpose of a matrix of weights, made once: (depth, columns) in, (columns, depth) out. */
function transposed(weights, depth, columns) {
  if (!transposes.has(weights)) {
    const result = new Float32Array(depth * columns);
    for (let i = 0; i < depth; i++) {
      for (let j = 0; j < columns; j++) result[j * depth + i] = weights[i * columns + j];
    }
    transposes.set(weights, result);
  }
  return transposes.get(weights);
}

/** @type {Layer} */
function dense([x], options, [kernel, bias]) {
  const [depth, units] = kernel.shape;
  const result = empty([...x.shape.slice(0, -1), units]);
  const right = transposed(kernel.data, depth, units);
  multiply(x.data, right, bias && bias.data, x.data.length / depth, units, depth, result.data);
  return activated(result, options.activation);
}

// Windows over an image.

const pair = value => (Array.isArray(value) ? value : [value, value]);

/** Where windows lie along one axis: the number of them, and the padding before the first. */
function placesAlong(size, window, stride, padding) {
  if (padding !== "same") return {count: Math.floor((size - window) / stride) + 1, before: 0};
  const count = Math.ceil(size / stride);
  return {count, before: Math.max((count - 1) * stride + window - size, 0) >> 1};
}

/**
 * Windows of `kernel` numbers, `dilation` apart, over an image: calls `visit` with the place of
 * each, the number of its tap, and the place of the pixel, for pixels inside the image.
 */
function windowsOf(shape, kernel, options) {
  const [height, width] = shape;
  const [down, right] = pair(options.strides ?? kernel);
  const [spreadDown, spreadRight] = pair(options.dilation_rate ?? 1);
  const rows = placesAlong(height, (kernel[0] - 1) * spreadDown + 1, down, options.padding);
  const columns = placesAlong(width, (kernel[1] - 1) * spreadRight + 1, right, options.padding);
  const visit = f => {
    for (let i = 0; i < rows.count; i++) {
      for (let j = 0; j < columns.count; j++) {
        for (let a = 0; a < kernel[0]; a++) {
          const y = i * down - rows.before + a * spreadDown;
          if (y < 0 || y >= height) continue;
          for (let b = 0; b < kernel[1]; b++) {
            const x = j * right - columns.before + b * spreadRight;
            if (x >= 0 && x < width) f(i * columns.count + j, a * kernel[1] + b, y * width + x);
          }
        }
      }
    }
  };
  return {rows: rows.count, columns: columns.count, visit};
}

/** @type {Layer} */
function conv2d([x], options, [kernel, bias]) {
  const [high, wide, depth, filters] = kernel.shape;
  const groups = x.shape[2] / depth;
  const {rows, columns, visit} = windowsOf(x.shape, [high, wide], {strides: 1, ...options});
  const result = empty([rows, columns, filters]);
  const patch = high * wide * depth;
  const share = filters / groups;
  for (let group = 0; group < groups; group++) {
    const patches = new Float32Array(rows * columns * patch);
    visit((place, tap, pixel) => {
      const from = pixel * x.shape[2] + group * depth;
      const to = place * patch + tap * depth;
      for (let c = 0; c < depth; c++) patches[to + c] = x.data[from + c];
    });
    const right = transposed(kernel.data, patch, filters).subarray(group * share * patch, (group + 1) * share * patch);
    const own = bias && bias.data.subarray(group * share, (group + 1) * share);
    const product = groups === 1 ? result.data : new Float32Array(rows * columns * share);
    multiply(patches, right, own, rows * columns, share, patch, product);
    if (groups === 1) continue;
    for (let i = 0; i < product.length; i++) {
      result.data[Math.floor(i / share) * filters + group * share + i % share] = product[i];
    }
  }
  return activated(result, options.activation);
}

/** @type {Layer} */
function depthwise([x], options, [kernel, bias]) {
  const [high, wide, channels, multiplier] = kernel.shape;
  const {rows, columns, visit} = windowsOf(x.shape, [high, wide], {strides: 1, ...options});
  const width = channels * multiplier;
  const result = empty([rows, columns, width]);
  for (let i = 0; bias && i < result.data.length; i++) result.data[i] = bias.data[i % width];
  visit((place, tap, pixel) => {
    for (let i = 0; i < width; i++) {
      const value = x.data[pixel * channels + Math.floor(i / multiplier)];
      result.data[place * width + i] += value * kernel.data[tap * width + i];
    }
  });
  return activated(result, options.activation);
}

/** @type {Layer} */
function separable([x], options, [depthKernel, pointKernel, bias]) {
  const middle = depthwise([x], {...options, activation: null}, [depthKernel]);
  const once = {activation: options.activation, padding: "valid"};
  return conv2d([middle], once, bias ? [pointKernel, bias] : [pointKernel]);
}

/** @type {(isMean: boolean) => Layer} */
const pooling = isMean => ([x], options) => {
  const channels = x.shape[2];
  const {rows, columns, visit} = windowsOf(x.shape, pair(options.pool_size), {
    ...options, strides: options.strides ?? options.pool_size,
  });
  const result = empty([rows, columns, channels]);
  if (!isMean) result.data.fill(-Infinity);
  const counts = new Float32Array(rows * columns);
  visit((place, tap, pixel) => {
    counts[place] += 1;
    for (let c = 0; c < channels; c++) {
      const value = x.data[pixel * channels + c];
      const i = place * channels + c;
      result.data[i] = isMean ? result.data[i] + value : Math.max(result.data[i], value);
    }
  });
  if (isMean) result.data.forEach((sum, i) => { result.data[i] = sum / counts[Math.floor(i / channels)]; });
  return result;
};

/** @type {(isMean: boolean) => Layer} */
const globalPooling = isMean => ([x], options) => {
  const channels = x.shape[x.shape.length - 1];
  const result = new Float32Array(channels).fill(isMean ? 0 : -Infinity);
  x.data.forEach((value, i) => {
    const c = i % channels;
    result[c] = isMean ? result[c] + value : Math.max(result[c], value);
  });
  const share = channels / x.data.length;
  const data = isMean ? result.map(sum => sum * share) : result;
  return {data, shape: options.keepdims ? [...x.shape.slice(0, -1).map(() => 1), channels] : [channels]};
};

// Normalisation.

/** Each channel times a factor plus an offset. */
function affine(x, factors, offsets) {
  const width = factors.length;
  return {data: x.data.map((value, i) => value * factors[i % width] + offsets[i % width]), shape: x.shape};
}

/** @type {Layer} */
function batchNormalization([x], options, weights) {
  const rest = [...weights];
  const gamma = options.scale === false ? null : rest.shift();
  const beta = options.center === false ? null : rest.shift();
  const [mean, variance] = rest;
  const factors = Array.from(variance.data, (value, i) => (gamma ? gamma.data[i] : 1) / Math.sqrt(value + options.epsilon));
  const offsets = factors.map((factor, i) => (beta ? beta.data[i] : 0) - mean.data[i] * factor);
  return affine(x, factors, offsets);
}

/** Subtracts the mean of each group of numbers, and divides by their deviation. */
function standardised(x, groupOf, groups, epsilon) {
  const [counts, sums, squares] = [0, 0, 0].map(() => new Float64Array(groups));
  x.data.forEach((value, i) => {
    counts[groupOf(i)] += 1;
    sums[groupOf(i)] += value;
  });
  x.data.forEach((value, i) => {
    const g = groupOf(i);
    squares[g] += (value - sums[g] / counts[g]) ** 2;
  });
  const data = x.data.map((value, i) => {
    const g = groupOf(i);
    return (value - sums[g] / counts[g]) / Math.sqrt(squares[g] / counts[g] + epsilon);
  });
  return {data, shape: x.shape};
}

function scaledAndCentred(x, options, weights) {
  const width = x.shape[x.shape.length - 1];
  const rest = [...weights];
  const gamma = options.scale === false ? new Float32Array(width).fill(1) : rest.shift().data;
  const beta = options.center === false ? new Float32Array(width) : rest.shift().data;
  return affine(x, gamma, beta);
}

/** @type {Layer} */
function layerNormalization([x], options, weights) {
  const width = x.shape[x.shape.length - 1];
  const result = standardised(x, i => Math.floor(i / width), x.data.length / width, options.epsilon);
  return scaledAndCentred(result, options, weights);
}

/** @type {Layer} */
function groupNormalization([x], options, weights) {
  const width = x.shape[x.shape.length - 1];
  const groups = options.groups === -1 ? width : options.groups;
  const result = standardised(x, i => Math.floor((i % width) / (width / groups)), groups, options.epsilon);
  return scaledAndCentred(result, options, weights);
}

/** @type {Layer} */
function unitNormalization([x]) {
  const width = x.shape[x.shape.length - 1];
  const squares = new Float64Array(x.data.length / width);
  x.data.forEach((value, i) => { squares[Math.floor(i / width)] += value * value; });
  const data = x.data.map((value, i) => value / Math.sqrt(Math.max(squares[Math.floor(i / width)], 1e-12)));
  return {data, shape: x.shape};
}

/** @type {Layer} */
function normalization([x], options, [mean, variance]) {
  const deviations = variance.data.map(value => Math.max(Math.sqrt(value), 1e-7));
  if (options.invert) return affine(x, deviations, mean.data);
  return affine(x, deviations.map(value => 1 / value), mean.data.map((value, i) => -value / deviations[i]));
}

// Shapes.

/** @type {Layer} */
function reshape([x], options) {
  const shape = [...options.target_shape];
  const open = shape.indexOf(-1);
  if (open >= 0) shape[open] = -x.data.length / sizeOf(shape);
  return {data: x.data, shape};
}

/** @type {Layer} */
function permute([x], options) {
  const order = options.dims.map(axis => axis - 1);
  const strides = x.shape.map((_, axis) => sizeOf(x.shape.slice(axis + 1)));
  const result = empty(order.map(axis => x.shape[axis]));
  for (let i = 0; i < result.data.length; i++) {
    let rest = i;
    let from = 0;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      from += rest % result.shape[axis] * strides[order[axis]];
      rest = Math.floor(rest / result.shape[axis]);
    }
    result.data[i] = x.data[from];
  }
  return result;
}

/** Copies an image to another place in a larger or smaller one. */
function moved(x, height, width, down, right) {
  const channels = x.shape[2];
  const result = empty([height, width, channels]);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const [y, z] = [i - down, j - right];
      if (y < 0 || y >= x.shape[0] || z < 0 || z >= x.shape[1]) continue;
      const from = (y * x.shape[1] + z) * channels;
      result.data.set(x.data.subarray(from, from + channels), (i * width + j) * channels);
    }
  }
  return result;
}

const margins = value => (Array.isArray(value) ? value.map(pair) : [[value, value], [value, value]]);

/** @type {Layer} */
function zeroPadding([x], options) {
  const [[top, bottom], [left, right]] = margins(options.padding);
  return moved(x, x.shape[0] + top + bottom, x.shape[1] + left + right, top, left);
}

/** @type {Layer} */
function cropping([x], options) {
  const [[top, bottom], [left, right]] = margins(options.cropping);
  return moved(x, x.shape[0] - top - bottom, x.shape[1] - left - right, -top, -left);
}

/** @type {Layer} */
function upSampling([x], options) {
  const [down, right] = pair(options.size);
  const [height, width, channels] = x.shape;
  const result = empty([height * down, width * right, channels]);
  for (let place = 0; place < height * down * width * right; place++) {
    const [i, j] = [Math.floor(place / (width * right) / down), Math.floor(place % (width * right) / right)];
    const from = (i * width + j) * channels;
    result.data.set(x.data.subarray(from, from + channels), place * channels);
  }
  return result;
}

/** @type {(f: (a: number, b: number) => number, finish?: (sum: number, count: number) => number) => Layer} */
const merging = (f, finish) => inputs => {
  const [longest] = [...inputs].sort((a, b) => b.data.length - a.data.length);
  let data = inputs[0].data;
  for (const other of inputs.slice(1)) data = combined({data, shape: inputs[0].shape}, other, longest, f);
  return {data: finish ? data.map(value => finish(value, inputs.length)) : data, shape: longest.shape};
};

/** Two tensors number by number, each repeated along its axes of size 1 to the shape of `like`. */
function combined(a, b, like, f) {
  const places = [a, b].map(each => (each.data.length === like.data.length ? i => i : repeated(each.shape, like.shape)));
  return like.data.map((_, i) => f(a.data[places[0](i)], b.data[places[1](i)]));
}

function repeated(shape, like) {
  const strides = shape.map((size, axis) => (size === 1 ? 0 : sizeOf(shape.slice(axis + 1))));
  return i => {
    let place = 0;
    for (let axis = like.length - 1; axis >= 0; axis--) {
      place += i % like[axis] * strides[axis];
      i = Math.floor(i / like[axis]);
    }
    return place;
  };
}

/** @type {Layer} */
function concatenate(inputs, options) {
  const axis = axisOf(options.axis ?? -1, inputs[0].shape);
  const shape = [...inputs[0].shape];
  shape[axis] = inputs.reduce((sum, each) => sum + each.shape[axis], 0);
  const result = empty(shape);
  const run = sizeOf(shape.slice(axis));
  let start = 0;
  for (const {data, shape: own} of inputs) {
    const length = sizeOf(own.slice(axis));
    for (let i = 0; i * length < data.length; i++) {
      result.data.set(data.subarray(i * length, (i + 1) * length), i * run + start);
    }
    start += length;
  }
  return result;
}

/** @type {Layer} */
const unchanged = ([x]) => x;

/** @type {Layer} */
function rescaling([x], {scale, offset}) {
  return {data: x.data.map(value => value * scale + offset), shape: x.shape};
}

/** @type {Layer} */
function prelu([x], options, [alpha]) {
  const place = repeated(alpha.shape, x.shape);
  return {data: x.data.map((value, i) => (value > 0 ? value : value * alpha.data[place(i)])), shape: x.shape};
}

function relu(x, {max_value: most, negative_slope: slope = 0, threshold = 0}) {
  if (x < threshold) return slope * (x - threshold);
  return most === null || most === undefined ? x : Math.min(x, most);
}

/** Every kind of layer that this engine runs. @type {Object<string, Layer>} */
export const layers = {
  Dense: dense,
  Conv2D: conv2d,
  DepthwiseConv2D: depthwise,
  SeparableConv2D: separable,
  MaxPooling2D: pooling(false),
  AveragePooling2D: pooling(true),
  GlobalMaxPooling2D: globalPooling(false),
  GlobalAveragePooling2D: globalPooling(true),
  GlobalMaxPooling1D: globalPooling(false),
  GlobalAveragePooling1D: globalPooling(true),
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  GroupNormalization: groupNormalization,
  UnitNormalization: unitNormalization,
  Normalization: normalization,
  Rescaling: rescaling,
  Activation: ([x], {activation}) => activated(x, activation),
  Softmax: ([x]) => softmaxOf(x),
  ReLU: elementwise(relu),
  LeakyReLU: elementwise((x, {negative_slope: slope}) => (x > 0 ? x : slope * x)),
  ELU: elementwise((x, {alpha}) => (x > 0 ? x : alpha * Math.expm1(x))),
  PReLU: prelu,
  Flatten: ([x]) => ({data: x.data, shape: [x.data.length]}),
  Reshape: reshape,
  Permute: permute,
  ZeroPadding2D: zeroPadding,
  Cropping2D: cropping,
  UpSampling2D: upSampling,
  Concatenate: concatenate,
  Add: merging((a, b) => a + b),
  Subtract: merging((a, b) => a - b),
  Multiply: merging((a, b) => a * b),
  Average: merging((a, b) => a + b, (sum, count) => sum / count),
  Maximum: merging(Math.max),
  Minimum: merging(Math.min),
  Identity: unchanged,
};

/** The float32 numbers whose bytes are `text` in base64. */
export function decode(text) {
  const characters = atob(text);
  const raw = new Uint8Array(characters.length);
  for (let i = 0; i < raw.length; i++) raw[i] = characters.charCodeAt(i);
  return new Float32Array(raw.buffer);
}

/** A network that is ready to answer. */
export class Network {
  /**
   * @param {Description} description
   * @param {Float32Array} numbers  All weights, one layer after the other.
   */
  constructor(description, numbers) {
    this.description = description;
    this.weights = description.steps.map(step => step.weights.map(({start, shape}) => (
      {data: numbers.subarray(start, start + sizeOf(shape)), shape}
    )));
    this.shared = new Map();
    this.#shareWeights();
  }

  /** Steps that apply the same layer get the same arrays, so that each is transposed once. */
  #shareWeights() {
    for (const weights of this.weights) {
      weights.forEach((weight, i) => {
        const known = this.shared.get(weight.data.byteOffset);
        if (known) weights[i] = known;
        else if (weight.data.length) this.shared.set(weight.data.byteOffset, weight);
      });
    }
  }

  /**
   * Probabilities of the classes, and what each step gives.
   * @param {Uint8Array | Uint8ClampedArray} pixels  Height x width, or height x width x 3.
   * @returns {{probabilities: Float32Array, values: Tensor[]}}
   */
  run(pixels) {
    const {steps, output, softmax} = this.description;
    const values = [this.#input(pixels)];
    steps.forEach((step, i) => {
      values.push(layers[step.kind](step.inputs.map(number => values[number]), step.options, this.weights[i]));
    });
    const answer = this.#classes(values[output].data);
    const last = {data: answer, shape: [answer.length]};
    return {probabilities: softmax ? softmaxOf(last).data : answer, values: values.slice(1)};
  }

  /** The pixels as the array that the network takes. */
  #input(pixels) {
    const {image_shape: [height, width, channels = 1], factor, offset, arrangement} = this.description;
    const copies = arrangement.includes("colour") && channels === 1 ? 3 : 1;
    const depth = channels * copies;
    const data = new Float32Array(height * width * depth);
    for (let i = 0; i < data.length; i++) data[i] = factor * pixels[copies === 1 ? i : Math.floor(i / 3)] + offset;
    const whole = {data, shape: [height, width, depth]};
    if (arrangement === "colour-first") return permute([whole], {dims: [3, 1, 2]});
    const shapes = {
      flat: [height * width], row: [1, height * width], pixels: [height * width, 1], image: [height, width],
      channel: [height, width, 1], "channel-first": [1, height, width], colour: whole.shape,
      "flat-colour": [data.length],
    };
    return {data, shape: channels === 3 && arrangement === "image" ? whole.shape : shapes[arrangement]};
  }

  /** A value for each class; one output tells two classes apart. */
  #classes(outputs) {
    const {head} = this.description;
    if (head === "classes" || outputs.length > 1) return outputs;
    const value = outputs[0];
    if (head === "probability") return Float32Array.of(1 - value, value);
    if (head === "difference") return Float32Array.of((1 - value) / 2, (1 + value) / 2);
    return Float32Array.of(0, value);
  }
}
