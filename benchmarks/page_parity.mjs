// Runs the engine of the pages in node: node page_parity.mjs ENGINE INPUT
// INPUT is a JSON list of {description, numbers, images: base64, count}; prints a list of
// {probabilities: n rows, milliseconds: processor time for an image}.
import {readFileSync} from "node:fs";

const [, , engine, input] = process.argv;
const text = readFileSync(engine).toString("base64");
const {Network, decode} = await import(`data:text/javascript;base64,${text}`);
const answers = JSON.parse(readFileSync(input)).map(({description, numbers, images, count}) => {
  const network = new Network(description, decode(numbers));
  const pixels = Buffer.from(images, "base64");
  const size = pixels.length / count;
  const probabilities = [];
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    probabilities.push(Array.from(network.run(pixels.subarray(i * size, (i + 1) * size)).probabilities));
  }
  const {user, system} = process.cpuUsage(start);
  return {probabilities, milliseconds: (user + system) / 1000 / count};
});
console.log(JSON.stringify(answers));
