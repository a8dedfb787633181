// The worker that paints in the visitor's browser: ONNX Runtime, WebAssembly in one thread, once for all networks. It
// answers {call, job} with {answer} or {error, isMemory}, one after the other.

import { codeOf, draw, pixelsOf, skyShares, Table } from "./network.js";
import { bytesOf } from "../model/runs.js";
import { widened } from "./halves.js";

/** @import { Form, Wish } from "./network.js" */

const WEIGHTS = "weights"; // as the graph calls them

/** @type {any} */
let ort = null;
/** @type {Map<string, Network>} */
const networks = new Map();

class Network {
  /** @type {(session: any, form: Form) => void} */
  constructor(session, form) {
    this.session = session;
    this.form = form;
    this.tables = Object.entries(form.tables).map(([name, table]) => /** @type {const} */ ([name, new Table(table)]));
    /** @type {{variation: number | null, planes: Float32Array[], code: Float32Array}} */
    this.drawn = { variation: NaN, planes: [], code: new Float32Array() }; // of the last variation: painters keep to one
  }

  /** @param {Wish & {labels: Uint8Array}} job */
  async paint({ labels, ...wish }) {
    const { form, session } = this;
    if (this.drawn.variation !== wish.variation) this.drawn = { variation: wish.variation, ...draw(form, wish.variation) };
    const { size } = form;
    const inputs = {};
    for (const [name, table] of this.tables) inputs[name] = square(table.convolve(labels, size), table.channels);
    if (form.sky) inputs.sky = square(skyShares(labels, size, form.sky), 1);
    this.drawn.planes.forEach((plane, level) => (inputs[`noise_${level}`] = square(plane, 1)));
    if (form.code) inputs.code = square(codeOf(form, this.drawn.code, wish), form.code);
    const { generated } = await session.run(inputs);
    const pixels = pixelsOf(generated.data);
    generated.dispose();
    return pixels;
  }
}

const calls = {
  /** `runtime` is the address of ONNX Runtime's module, `wasm` its gzipped binary. */
  async open({ runtime, wasm }) {
    ort = await import(runtime);
    ort.env.wasm.numThreads = 1; // phones were seen to run out of memory with more
    ort.env.wasm.wasmPaths = { wasm: URL.createObjectURL(await unpacked(wasm)) };
  },

  /** `weights` and `form` are the network. */
  async load({ model, weights, form }) {
    // Without an arena and patterns of memory a tab takes 34 MB less, and a picture as long.
    const options = { executionProviders: ["wasm"], enableCpuMemArena: false, enableMemPattern: false };
    const data = widened(weights);
    giveBack(weights);
    const session = await ort.InferenceSession.create(bytesOf(form.graph), { ...options, externalData: [{ path: WEIGHTS, data }] });
    giveBack(data.buffer);
    networks.set(model, new Network(session, form));
  },

  /** @param {Wish & {model: string, labels: Uint8Array}} job */
  async paint({ model, ...job }) {
    const started = performance.now();
    const pixels = await /** @type {Network} */ (networks.get(model)).paint(job);
    return { pixels, took: performance.now() - started };
  },
};

/** The binary in a blob, which lies outside of the tab's memory, and which is compiled as it is read. @type {(packed: ArrayBuffer) => Promise<Blob>} */
function unpacked(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream, { headers: { "Content-Type": "application/wasm" } }).blob();
}

/** Free the memory of a buffer at once, where the browser can, not when garbage is collected. */
function giveBack(buffer) {
  buffer.transfer?.(0);
}

function square(numbers, channels) {
  const side = Math.sqrt(numbers.length / channels);
  return new ort.Tensor("float32", numbers, [1, channels, side, side]);
}

self.onmessage = async ({ data: { call, job } }) => {
  try {
    const answer = await calls[call](job);
    self.postMessage({ answer }, { transfer: answer ? [answer.pixels.buffer] : [] });
  } catch (error) {
    const isMemory = error instanceof RangeError || /memory|allocat/i.test(String(error));
    self.postMessage({ error: String(error?.message ?? error), isMemory });
  }
};
