// The worker that paints in the visitor's browser, and reads photos: ONNX Runtime, WebAssembly in one thread, once for
// all networks. It answers {call, job} with {answer} or {error, isMemory}, one after the other.

import { codeOf, draw, pixelsOf, skyShares, Table } from "./network.js";
import { bytesOf } from "../model/runs.js";
import { Widened } from "./halves.js";
import { giveBack } from "./memory.js";
import { Patches } from "./patches.js";
import { faultOf, frontOf, rectified, resized } from "./perspective.js";
import { houseIn, labelsOf, nearestStyle, planesOf, probabilities, read } from "./segmenter.js";
import { withWalls } from "./walls.js";

/** @import { Form, Wish } from "./network.js" */
/** @import { Corners, Picture } from "./perspective.js" */

const WEIGHTS = "weights"; // as the graph calls them
// Without an arena and patterns of memory a tab takes 34 MB less, and a picture as long.
const OPTIONS = { executionProviders: ["wasm"], enableCpuMemArena: false, enableMemPattern: false };

/** @type {any} */
let ort = null;
/** @type {Map<string, Network>} */
const networks = new Map();
/** @type {any} */
let segmenter = null; // its session

class Network {
  /** @type {(session: any, form: Form) => void} */
  constructor(session, form) {
    this.session = session;
    this.form = form;
    this.tables = Object.entries(form.tables).map(([name, table]) => /** @type {const} */ ([name, new Table(table)]));
    this.patches = session.inputNames.includes("patches") ? new Patches() : null; // forms of 0.1 have none
    /** @type {{variation: number | null, planes: Float32Array[], code: Float32Array}} */
    this.drawn = { variation: NaN, planes: [], code: new Float32Array() }; // of the last variation: painters keep to one
  }

  /** @param {Wish & {labels: Uint8Array}} job */
  async paint({ labels: drawing, ...wish }) {
    const { form, session } = this;
    if (this.drawn.variation !== wish.variation) this.drawn = { variation: wish.variation, ...draw(form, wish.variation) };
    const { size } = form;
    const labels = withWalls(drawing, size);
    const inputs = {};
    for (const [name, table] of this.tables) {
      const result = table.convolve(labels, size);
      inputs[name] = square(result, table.channels);
      if (name === "encoded" && this.patches) Object.assign(inputs, this.#seen(labels, result, table.channels));
    }
    if (form.sky) inputs.sky = square(skyShares(labels, size, form.sky), 1);
    this.drawn.planes.forEach((plane, level) => (inputs[`noise_${level}`] = square(plane, 1)));
    if (form.code) inputs.code = square(codeOf(form, this.drawn.code, wish), form.code);
    const { generated } = await session.run(inputs);
    const pixels = pixelsOf(generated.data);
    generated.dispose();
    return pixels;
  }

  #seen(labels, encoded, channels) {
    const { patches, kinds, count } = /** @type {Patches} */ (this.patches).of(labels, this.form.size, encoded, channels);
    return {
      patches: new ort.Tensor("float32", patches, [count, patches.length / count]),
      kinds: new ort.Tensor("int32", kinds, [kinds.length]),
    };
  }
}

const calls = {
  /** `runtime` is the address of ONNX Runtime's module, `wasm` its gzipped binary. */
  async open({ runtime, wasm }) {
    ort = await import(runtime);
    ort.env.wasm.numThreads = 1; // phones were seen to run out of memory with more
    ort.env.wasm.wasmBinary = await unpacked(wasm);
  },

  /** `weights` and `form` are the network. */
  async load({ model, weights, form }) {
    networks.set(model, new Network(await sessionOf(weights, form), form));
  },

  /** @param {Wish & {model: string, labels: Uint8Array}} job */
  async paint({ model, ...job }) {
    const started = performance.now();
    const pixels = await /** @type {Network} */ (networks.get(model)).paint(job);
    return { pixels, took: performance.now() - started };
  },

  async loadSegmenter({ weights, form }) {
    segmenter = await sessionOf(weights, form);
  },

  /** The corners of the house front, as shares of the photo; null where none is seen. @param {{photo: ImageBitmap, size: number}} job */
  async corners({ photo, size }) {
    const picture = pictureOf(photo);
    const shares = frontOf(await look(resized(picture, size).data, size, houseIn), size);
    return shares && !faultOf(shares.map(([x, y]) => [x * picture.width, y * picture.height])) ? shares : null;
  },

  /**
   * What lies between the corners, in pixels, and what is read off it; the style is one of those of the model, or, until
   * it is loaded, of the one that is.
   * @param {{photo: ImageBitmap, corners: Corners, size: number, palettes: Record<string, number[][]>, model: string}} job
   */
  async segment({ photo, corners, size, palettes, model }) {
    const picture = pictureOf(photo);
    const { data } = rectified(picture, corners, size);
    giveBack(picture.data.buffer);
    const found = read(await look(data, size, labelsOf), data, size, palettes);
    const [network = [...networks.values()][0]] = [networks.get(model)];
    const style = network ? nearestStyle(network.form, found.wall, found.sky) : null;
    return { ...found, style, pixels: data };
  },
};

/** A session of a graph, whose weights are given back. @type {(weights: ArrayBuffer, form: {graph: string, optimized?: boolean}) => Promise<any>} */
async function sessionOf(weights, { graph, optimized }) {
  const data = new Widened(weights);
  const graphOptimizationLevel = optimized ? "disabled" : "all"; // forms of 0.1 are as they were written
  const session = await ort.InferenceSession.create(bytesOf(graph), { ...OPTIONS, graphOptimizationLevel, externalData: [{ path: WEIGHTS, data }] });
  data.end();
  giveBack(ort.env.wasm.wasmBinary); // it is compiled by now
  return session;
}

/** The content of a gzip file, and nothing else left of it: as a stream WebAssembly would keep it twice. @type {(packed: ArrayBuffer) => Promise<ArrayBuffer>} */
async function unpacked(packed) {
  const size = new DataView(packed).getUint32(packed.byteLength - 4, true); // the file's last number
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  giveBack(packed);
  const content = new Uint8Array(size);
  let at = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return content.buffer;
    content.set(value, at);
    at += value.length;
    giveBack(value.buffer);
  }
}

/** What `see` tells from the probabilities of the classes in a square photo: the mean of those in it and in its mirror image. */
async function look(photo, size, see) {
  const seen = [];
  for (const isMirrored of [false, true]) { // one after the other, which takes half as much memory
    const { logits } = await segmenter.run({ photos: square(planesOf(photo, size, isMirrored), 3) });
    seen.push(logits.data);
  }
  const answer = see(probabilities(seen[0], seen[1], size), size);
  for (const { buffer } of seen) giveBack(buffer);
  return answer;
}

/** @param {ImageBitmap} bitmap @returns {Picture} */
function pictureOf(bitmap) {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const picture = context.getImageData(0, 0, width, height);
  canvas.width = canvas.height = 0; // its memory goes at once
  return picture;
}

function square(numbers, channels) {
  const side = Math.sqrt(numbers.length / channels);
  return new ort.Tensor("float32", numbers, [1, channels, side, side]);
}

self.onmessage = async ({ data: { call, job } }) => {
  try {
    const answer = await calls[call](job);
    self.postMessage({ answer }, { transfer: answer?.pixels ? [answer.pixels.buffer] : [] });
  } catch (error) {
    const isMemory = error instanceof RangeError || /memory|allocat/i.test(String(error));
    self.postMessage({ error: String(error?.message ?? error), isMemory });
  }
};
