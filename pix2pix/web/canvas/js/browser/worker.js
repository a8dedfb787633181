// The worker that paints in the visitor's browser: one network on ONNX Runtime, WebAssembly in one thread. It answers
// {id, call, job} with {id, answer} or {id, error, isMemory}, one after the other.

import { codeOf, draw, pixelsOf, skyShares, Table } from "./network.js";

/** @import { Form, Wish } from "./network.js" */

/** @type {any} */
let ort = null;
/** @type {any} */
let session = null;
/** @type {Form} */
let form;
/** @type {[string, Table][]} */
let tables = [];
/** @type {{variation: number | null, planes: Float32Array[], code: Float32Array}} */
let drawn = { variation: NaN, planes: [], code: new Float32Array() }; // of the last variation: painters keep to one

/** `runtime` is the address of ONNX Runtime's module, `wasm` its gzipped binary, `graph` and `form` are the network. */
async function load({ runtime, wasm, graph, form: told }) {
  ort = await import(runtime);
  ort.env.wasm.numThreads = 1; // phones were seen to run out of memory with more
  ort.env.wasm.wasmBinary = await unpacked(wasm);
  // Without an arena and patterns of memory a tab takes 34 MB less, and a picture as long.
  const options = { executionProviders: ["wasm"], enableCpuMemArena: false, enableMemPattern: false };
  session = await ort.InferenceSession.create(new Uint8Array(graph), options);
  ort.env.wasm.wasmBinary = undefined;
  form = told;
  tables = Object.entries(form.tables).map(([name, table]) => [name, new Table(table)]);
}

const unpacked = (packed) => new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();

/** @param {Wish & {labels: Uint8Array}} job */
async function paint({ labels, ...wish }) {
  const started = performance.now();
  if (drawn.variation !== wish.variation) drawn = { variation: wish.variation, ...draw(form, wish.variation) };
  const { size } = form;
  const inputs = {};
  for (const [name, table] of tables) inputs[name] = square(table.convolve(labels, size), table.channels);
  if (form.sky) inputs.sky = square(skyShares(labels, size, form.sky), 1);
  drawn.planes.forEach((plane, level) => (inputs[`noise_${level}`] = square(plane, 1)));
  if (form.code) inputs.code = square(codeOf(form, drawn.code, wish), form.code);
  const { generated } = await session.run(inputs);
  const pixels = pixelsOf(generated.data);
  generated.dispose();
  return { pixels, took: performance.now() - started };
}

function square(numbers, channels) {
  const side = Math.sqrt(numbers.length / channels);
  return new ort.Tensor("float32", numbers, [1, channels, side, side]);
}

self.onmessage = async ({ data: { id, call, job } }) => {
  try {
    const answer = await (call === "load" ? load(job) : paint(job));
    self.postMessage({ id, answer }, { transfer: answer ? [answer.pixels.buffer] : [] });
  } catch (error) {
    const isMemory = error instanceof RangeError || /memory|allocat/i.test(String(error));
    self.postMessage({ id, error: String(error?.message ?? error), isMemory });
  }
};
