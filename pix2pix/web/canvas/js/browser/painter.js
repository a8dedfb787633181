// The calls of net/server.js answered in this browser: a worker for each model, examples and random facades from files.

import { encodeRuns, labelsOf } from "../model/runs.js";
import { RequestRejected } from "../net/server.js";
import { Downloads } from "./downloads.js";
import { readLabels } from "./uploads.js";

/** @import { File } from "./downloads.js" */

const MAX_UPLOAD = 20 * 2 ** 20; // bytes
const CLASSES = 12;

/**
 * @typedef {object} Site what a site holds; paths are below its base; what the app offers has no drawings, examples, palettes
 * @property {number} size pixels: the side of a drawing
 * @property {string} runtime path of ONNX Runtime's module
 * @property {File} wasm its binary, gzipped
 * @property {Record<string, {graph: File, form: File, colours: boolean, styles: string[]}>} models
 * @property {File} drawings label maps as runs, gzipped: those of the examples first, then random facades
 * @property {number} examples
 * @property {Record<string, number[][]>} palettes
 */

export class BrowserPainter {
  /**
   * @param {Site} site
   * @param {URL} base
   * @param {{progress?: (received: number, total: number) => void, fetched?: (url: URL) => void}} options as of Downloads
   */
  constructor(site, base, { progress, fetched } = {}) {
    this.site = site;
    this.base = base;
    this.downloads = new Downloads(base, progress, fetched);
    /** @type {Map<string, Promise<PaintingWorker>>} */
    this.workers = new Map();
    /** @type {Promise<ArrayBuffer> | null} */
    this.wasm = null;
    /** @type {Promise<Uint8Array[]> | null} */
    this.drawings = null;
  }

  /**
   * {labels, model, variation, style, wall, sky, format: "shown" | "jpeg" | "png"} -> {picture: ImageData to be shown, or
   * else a Blob, took: milliseconds of the model's own}. `signal` gives it up.
   * @param {import("../model/store.js").Request & {format: string, style?: string | null}} job
   * @param {AbortSignal} [signal]
   */
  async generate({ labels, model, variation, style = null, wall, sky, format }, signal) {
    const { styles } = this.#modelOf(model);
    if (!styles.includes(style ?? "")) style = null; // as the server does it
    const worker = await until(signal, this.#worker(model));
    const { pixels, took } = await until(signal, worker.call("paint", { labels, variation, style, wall, sky }));
    const shown = new ImageData(pixels, this.site.size, this.site.size);
    return { picture: format === "shown" ? shown : await encoded(shown, format), took };
  }

  has(model) {
    return Object.hasOwn(this.site.models, model);
  }

  /** Give back the memory; nothing is painted any more. */
  end() {
    for (const worker of this.workers.values()) worker.then((opened) => opened.end(), () => {});
  }

  /** Resolves to what the model takes; it is fetched when it paints. */
  async load(model) {
    const { colours, styles } = this.#modelOf(model);
    return { model, colours, styles };
  }

  async read(file) {
    if (file.size > MAX_UPLOAD) throw new RequestRejected("this file has more than 20 MB", false);
    const { labels, ...facts } = await readLabels(file, this.site.size, this.site.palettes);
    return { drawing: encodeRuns(labels), ...facts };
  }

  async random(seed) {
    const drawings = await this.#drawings();
    const { examples } = this.site;
    return { drawing: encodeRuns(drawings[examples + (seed % (drawings.length - examples))]) };
  }

  async example(number) {
    return { drawing: encodeRuns((await this.#drawings())[number]) };
  }

  /** `picture` is "target" or "thumbnail". */
  pictureOf(example, picture) {
    return new URL(`examples/${example}-${picture}.jpg`, this.base).href;
  }

  #modelOf(name) {
    const model = this.site.models[name];
    if (!model) throw new RequestRejected(`${name} is not a model of this page`, false);
    return model;
  }

  /** The worker of a model, ready to paint; one that did not get ready is made anew by the next call. */
  #worker(name) {
    let worker = this.workers.get(name);
    if (!worker) {
      worker = this.#open(name);
      this.workers.set(name, worker);
      worker.catch(() => this.workers.delete(name));
    }
    return worker;
  }

  async #open(name) {
    const { graph, form } = this.#modelOf(name);
    checkBrowser();
    this.wasm ??= this.downloads.get(this.site.wasm);
    this.wasm.catch(() => (this.wasm = null));
    const [wasm, weights, told] = await Promise.all([this.wasm, this.downloads.get(graph), this.downloads.get(form)]);
    const worker = new PaintingWorker();
    const runtime = new URL(this.site.runtime, this.base).href;
    try {
      await worker.call("load", { runtime, wasm, graph: weights, form: JSON.parse(new TextDecoder().decode(told)) });
    } catch (error) {
      worker.end();
      throw error;
    }
    return worker;
  }

  #drawings() {
    this.drawings ??= this.downloads.get(this.site.drawings).then((packed) => unpackDrawings(packed, this.site.size ** 2));
    this.drawings.catch(() => (this.drawings = null));
    return this.drawings;
  }
}

class PaintingWorker {
  constructor() {
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.calls = new Map();
    this.count = 0;
    this.worker.onmessage = ({ data: { id, answer, error, isMemory } }) => {
      const { resolve, reject } = this.calls.get(id);
      this.calls.delete(id);
      if (error === undefined) resolve(answer);
      else reject(new RequestRejected(isMemory ? NO_MEMORY : `the painter failed in this browser: ${error.slice(0, 200)}`, false));
    };
    this.worker.onerror = () => this.#fail("the painter's code could not be fetched; it is tried again");
  }

  /** @type {(call: "load" | "paint", job: object) => Promise<any>} */
  call(call, job) {
    return new Promise((resolve, reject) => {
      this.calls.set(++this.count, { resolve, reject });
      this.worker.postMessage({ id: this.count, call, job });
    });
  }

  end() {
    this.worker.terminate();
  }

  #fail(reason) {
    for (const { reject } of this.calls.values()) reject(new RequestRejected(reason, true));
    this.calls.clear();
  }
}

const NO_MEMORY = "this browser has too little memory left to paint; close other tabs and reload";

/** Raise a RequestRejected where the browser lacks what painting needs. */
function checkBrowser() {
  const needed = { WebAssembly: globalThis.WebAssembly, Workers: globalThis.Worker, DecompressionStream: globalThis.DecompressionStream };
  const missing = Object.keys(needed).filter((name) => !needed[name]);
  if (missing.length) throw new RequestRejected(`this browser cannot paint, for it has no ${missing.join(" and no ")}; drawing works`, false);
}

/** The promise, given up with the signal. */
function until(signal, promise) {
  if (!signal) return promise;
  signal.throwIfAborted();
  return Promise.race([promise, new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }))]);
}

async function encoded(image, format) {
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type: `image/${format}` });
}

/** Gzipped runs of many label maps of `size` pixels -> those label maps. */
async function unpackDrawings(packed, size) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const runs = new Uint8Array(await new Response(stream).arrayBuffer());
  const drawings = [];
  for (let start = 0, at = 0, pixels = 0; at < runs.length; ) {
    pixels += runs[at + 1] | (runs[at + 2] << 8);
    at += 3;
    if (pixels < size) continue;
    drawings.push(labelsOf(runs.subarray(start, at), size, CLASSES));
    [start, pixels] = [at, 0];
  }
  return drawings;
}
