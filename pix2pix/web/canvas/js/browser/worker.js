// The worker that paints in the visitor's browser, and reads photos: ONNX Runtime, WebAssembly in one thread, once for
// all networks. It answers {call, job} with {answer} or {error, isMemory}, one after the other.

import { codeOf, draw, pixelsOf, skyShares, Table } from "./network.js";
import { bytesOf } from "../model/runs.js";
import { Widened } from "./halves.js";
import { faultOf, frontOf, rectified, resized } from "./perspective.js";
import { houseIn, labelsOf, nearestStyle, planesOf, probabilities, read } from "./segmenter.js";

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
    const externalData = [{ path: WEIGHTS, data: new Widened(weights) }];
    const session = await ort.InferenceSession.create(bytesOf(form.graph), { ...OPTIONS, externalData });
    giveBack(weights);
    networks.set(model, new Network(session, form));
  },

  /** @param {Wish & {model: string, labels: Uint8Array}} job */
  async paint({ model, ...job }) {
    const started = performance.now();
    const pixels = await /** @type {Network} */ (networks.get(model)).paint(job);
    return { pixels, took: performance.now() - started };
  },

  /** `graph` is the segmenter, with its weights. */
  async loadSegmenter({ graph }) {
    segmenter = await ort.InferenceSession.create(new Uint8Array(graph), OPTIONS);
    giveBack(graph);
  },

  /** The corners of the house front, as shares of the photo; null where none is seen. @param {{photo: ImageBitmap, size: number}} job */
  async corners({ photo, size }) {
    const picture = pictureOf(photo);
    const shares = frontOf(houseIn(await look(resized(picture, size).data, size), size), size);
    return shares && !faultOf(shares.map(([x, y]) => [x * picture.width, y * picture.height])) ? shares : null;
  },

  /**
   * What lies between the corners, in pixels, and what is read off it; the style is one of those of the model, or, until
   * it is loaded, of the one that is.
   * @param {{photo: ImageBitmap, corners: Corners, size: number, palettes: Record<string, number[][]>, model: string}} job
   */
  async segment({ photo, corners, size, palettes, model }) {
    const { data } = rectified(pictureOf(photo), corners, size);
    const found = read(labelsOf(await look(data, size), size), data, size, palettes);
    const [network = [...networks.values()][0]] = [networks.get(model)];
    const style = network ? nearestStyle(network.form, found.wall, found.sky) : null;
    return { ...found, style, pixels: data };
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

/** The probabilities of the classes in a square photo: the mean of what is seen in it and in its mirror image. @type {(photo: Uint8ClampedArray, size: number) => Promise<Float32Array>} */
async function look(photo, size) {
  const seen = [];
  for (const isMirrored of [false, true]) { // one after the other, which takes half as much memory
    const { logits } = await segmenter.run({ photos: square(planesOf(photo, size, isMirrored), 3) });
    seen.push(logits.data.slice());
    logits.dispose();
  }
  return probabilities(seen[0], seen[1], size);
}

/** @param {ImageBitmap} bitmap @returns {Picture} */
function pictureOf(bitmap) {
  const { width, height } = bitmap;
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(width, height).getContext("2d"));
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
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
