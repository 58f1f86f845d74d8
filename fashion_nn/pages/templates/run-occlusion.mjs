// Which parts of an image matter: the probability of the answer while a square covers each place.
import {Network} from "./run-engine.mjs";

/**
 * What covering each pixel takes from the probability of a class, on average over the squares.
 * @param {Network} network
 * @param {Uint8ClampedArray} pixels
 * @param {number} label  The class.
 * @param {number} background  The brightness of the square.
 * @param {(done: number) => void} progress  Called with the share that is done.
 * @returns {Float32Array} height x width
 */
export function occlusion(network, pixels, label, background, progress) {
  const [height, width, channels = 1] = network.description.image_shape;
  const side = Math.max(2, Math.round(Math.min(height, width) / 5));
  const stride = Math.max(1, side >> 1);
  const before = network.run(pixels).probabilities[label];
  const sums = new Float32Array(height * width);
  const counts = new Float32Array(height * width);
  for (let top = stride - side; top < height; top += stride) {
    for (let left = stride - side; left < width; left += stride) {
      const covered = Uint8ClampedArray.from(pixels);
      const places = [];
      for (let y = Math.max(top, 0); y < Math.min(top + side, height); y++) {
        for (let x = Math.max(left, 0); x < Math.min(left + side, width); x++) places.push(y * width + x);
      }
      for (const place of places) covered.fill(background, place * channels, (place + 1) * channels);
      const lost = before - network.run(covered).probabilities[label];
      for (const place of places) {
        sums[place] += lost;
        counts[place] += 1;
      }
    }
    progress((top + side) / (height + side));
  }
  return sums.map((sum, i) => sum / counts[i]);
}

/** What a worker does: one message starts it, and it answers with its progress and the result. */
export function serveOcclusion() {
  onmessage = ({data: {description, numbers, pixels, label, background}}) => {
    const network = new Network(description, numbers);
    const done = share => postMessage({share});
    postMessage({heat: occlusion(network, pixels, label, background, done)});
  };
}
