// @ts-check
// Formulas in x and y: a parser by recursive descent, so that no text is ever run as a script.
//
//   sum     = product (("+" | "-") product)*
//   product = sign (("*" | "/") sign)*
//   sign    = ("+" | "-") sign | power
//   power   = atom ("^" sign)?
//   atom    = number | "x" | "y" | "pi" | function "(" sum ")" | "(" sum ")"

/** @typedef {(x: number, y: number) => number} Formula */

/** @type {Record<string, (value: number) => number>} */
const FUNCTIONS = {
  sin: Math.sin,
  cos: Math.cos,
  exp: Math.exp,
  sqrt: Math.sqrt,
  abs: Math.abs,
};
const TOKEN = /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|([a-z]+)|([-+*/^()]))/iy;
const LONGEST = 500;
const DEEPEST = 100;

/**
 * The function that a formula describes, such as `x^2 + y^2 - 4`.
 * @param {string} text
 * @returns {Formula}
 * @throws {Error} with one sentence that says what is wrong
 */
export function parseFormula(text) {
  if (text.length > LONGEST) throw new Error(`Expected at most ${LONGEST} characters.`);
  const parser = new Parser(tokensOf(text));
  const formula = parser.sum();
  if (parser.next() !== "") throw new Error(`Did not expect "${parser.next()}" here.`);
  return formula;
}

/** @param {string} text */
function tokensOf(text) {
  /** @type {string[]} */
  const tokens = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new Error(`Did not understand "${text.slice(at, at + 10).trim()}".`);
    tokens.push(match[0].trim().toLowerCase());
  }
  return tokens;
}

class Parser {
  /** @param {string[]} tokens */
  constructor(tokens) {
    this.tokens = tokens;
    this.at = 0;
    this.depth = 0;
  }

  next() {
    return this.tokens[this.at] ?? "";
  }

  take() {
    this.at += 1;
    return this.tokens[this.at - 1] ?? "";
  }

  /** @returns {Formula} */
  sum() {
    this.depth += 1;
    if (this.depth > DEEPEST) throw new Error("There are too many parentheses.");
    let left = this.product();
    while (this.next() === "+" || this.next() === "-") {
      const sign = this.take() === "+" ? 1 : -1;
      const first = left;
      const second = this.product();
      left = (x, y) => first(x, y) + sign * second(x, y);
    }
    this.depth -= 1;
    return left;
  }

  /** @returns {Formula} */
  product() {
    let left = this.sign();
    while (this.next() === "*" || this.next() === "/") {
      const isProduct = this.take() === "*";
      const first = left;
      const second = this.sign();
      left = isProduct
        ? (x, y) => first(x, y) * second(x, y)
        : (x, y) => first(x, y) / second(x, y);
    }
    return left;
  }

  /** @returns {Formula} */
  sign() {
    let isNegative = false;
    while (this.next() === "+" || this.next() === "-") {
      if (this.take() === "-") isNegative = !isNegative;
    }
    const value = this.power();
    return isNegative ? (x, y) => -value(x, y) : value;
  }

  /** @returns {Formula} */
  power() {
    const base = this.atom();
    if (this.next() !== "^") return base;
    this.take();
    this.depth += 1;
    if (this.depth > DEEPEST) throw new Error("There are too many powers.");
    const exponent = this.sign();
    this.depth -= 1;
    return (x, y) => base(x, y) ** exponent(x, y);
  }

  /** @returns {Formula} */
  atom() {
    const token = this.take();
    if (token === "x") return (x) => x;
    if (token === "y") return (_, y) => y;
    if (token === "pi") return () => Math.PI;
    if (/^[\d.]/.test(token)) {
      const number = Number(token);
      return () => number;
    }
    if (Object.hasOwn(FUNCTIONS, token)) {
      const apply = FUNCTIONS[token];
      if (this.next() !== "(") throw new Error(`Expected "(" after ${token}.`);
      const inner = this.atom();
      return (x, y) => apply(inner(x, y));
    }
    if (token === "(") {
      const inner = this.sum();
      if (this.take() !== ")") throw new Error('Expected ")".');
      return inner;
    }
    if (token === "") throw new Error("The formula ends too early.");
    const names = Object.keys(FUNCTIONS).join(", ");
    throw new Error(`Did not expect "${token}": use x, y, pi, ${names}.`);
  }
}
