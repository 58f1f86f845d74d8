// @ts-check
// The random numbers of the Playground: seedrandom 2.4.4, which is ARC4 on the letters of a seed.

const BYTES = 256;

/**
 * A stream of numbers in [0, 1), the same as `Math.random()` after `Math.seedrandom(seed)`, and the
 * same as `seedrandom.SeedRandom` in Python.
 */
export class SeedRandom {
  /** @param {string} seed */
  constructor(seed) {
    const key = bytesOf(seed);
    this.state = Array.from({ length: BYTES }, (_, index) => index);
    this.i = 0;
    this.j = 0;
    let j = 0;
    for (let i = 0; i < BYTES; i++) {
      j = (j + key[i % key.length] + this.state[i]) & 255;
      this.swap(i, j);
    }
    this.number(BYTES); // the library discards the first 256 bytes
  }

  /** The next number, in [0, 1), with 52 random bits. */
  random() {
    let numerator = this.number(6);
    let denominator = 2 ** 48;
    let last = 0;
    while (numerator < 2 ** 52) {
      numerator = (numerator + last) * BYTES;
      denominator *= BYTES;
      last = this.number(1);
    }
    while (numerator >= 2 ** 53) {
      numerator /= 2;
      denominator /= 2;
      last >>>= 1;
    }
    return (numerator + last) / denominator;
  }

  /**
   * A number in [low, high).
   * @param {number} low
   * @param {number} high
   */
  uniform(low, high) {
    return this.random() * (high - low) + low;
  }

  /**
   * A normal number, by the polar method.
   * @param {number} mean
   * @param {number} variance
   */
  normal(mean, variance) {
    for (;;) {
      const first = 2 * this.random() - 1;
      const second = 2 * this.random() - 1;
      const square = first * first + second * second;
      if (square > 0 && square <= 1) {
        const standard = Math.sqrt((-2 * Math.log(square)) / square) * first;
        return mean + Math.sqrt(variance) * standard;
      }
    }
  }

  /**
   * Shuffle in place, by Fisher and Yates from the end.
   * @template T
   * @param {T[]} items
   */
  shuffle(items) {
    for (let last = items.length - 1; last >= 0; last--) {
      const chosen = Math.floor(this.random() * (last + 1));
      const item = items[last];
      items[last] = items[chosen];
      items[chosen] = item;
    }
  }

  /**
   * The next bytes of the stream as one number.
   * @param {number} count
   */
  number(count) {
    let number = 0;
    for (let done = 0; done < count; done++) {
      this.i = (this.i + 1) & 255;
      this.j = (this.j + this.state[this.i]) & 255;
      this.swap(this.i, this.j);
      number = number * BYTES + this.state[(this.state[this.i] + this.state[this.j]) & 255];
    }
    return number;
  }

  /**
   * @param {number} i
   * @param {number} j
   */
  swap(i, j) {
    const byte = this.state[i];
    this.state[i] = this.state[j];
    this.state[j] = byte;
  }
}

/**
 * The UTF-16 units of the seed, folded into at most 256 bytes.
 * @param {string} seed
 * @returns {number[]}
 */
function bytesOf(seed) {
  /** @type {number[]} */
  const key = [];
  let smear = 0;
  for (let place = 0; place < seed.length; place++) {
    const slot = place & 255;
    smear ^= (key[slot] ?? 0) * 19;
    key[slot] = (smear + seed.charCodeAt(place)) & 255;
  }
  return key.length ? key : [0];
}
