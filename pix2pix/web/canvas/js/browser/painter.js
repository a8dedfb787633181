// The calls of net/server.js answered in this browser: one worker for all models, examples and random facades from files.

import { base64Of, encodeRuns } from "../model/runs.js";
import { RequestRejected } from "../net/server.js";
import { Downloads } from "./downloads.js";
import { faultOf } from "./perspective.js";
import { readLabels } from "./uploads.js";

/** @import { File } from "./downloads.js" */

const MAX_UPLOAD = 20 * 2 ** 20; // bytes
const SEGMENTER = "/segmenter"; // among the models, of which none is called so

/** @typedef {import("../model/store.js").Request & {format: string, style?: string | null}} Job */

/**
 * @typedef {object} Site what a site holds; paths are below its base; what the app offers has no segmenter, drawings, examples, palettes
 * @property {number} size pixels: the side of a drawing
 * @property {string} runtime path of ONNX Runtime's module
 * @property {File} wasm its binary, gzipped
 * @property {Record<string, {weights: File, form: File, colours: boolean, styles: string[]}>} models
 * @property {{weights: File, form: File}} segmenter
 * @property {File} drawings label maps as runs, gzipped: those of the examples first, then random facades
 * @property {number} examples
 * @property {Record<string, number[][]>} palettes
 */

export class BrowserPainter {
  /**
   * @param {Site} site
   * @param {URL} base
   * @param {{progress?: (received: number, total: number) => void, fetched?: (url: URL, content: Blob) => void}} options as of Downloads
   */
  constructor(site, base, { progress, fetched } = {}) {
    this.site = site;
    this.base = base;
    this.downloads = new Downloads(base, progress, fetched);
    /** @type {Promise<PaintingWorker> | null} */
    this.worker = null; // one for all models: its runtime takes 80 MB
    /** @type {Map<string, Promise<PaintingWorker>>} */
    this.ready = new Map(); // by model that the worker has
    /** @type {Map<string, RequestRejected>} */
    this.failed = new Map(); // by model that was too much for this browser, why
    /** @type {Promise<Uint8Array[]> | null} */
    this.drawings = null;
  }

  /**
   * {labels, model, variation, style, wall, sky, format: "shown" | "jpeg" | "png"} -> {picture: ImageData to be shown, or
   * else a Blob, took: milliseconds of the model's own}. `signal` gives it up. Who asks for pictures asks again where that may help.
   * @param {Job} job
   * @param {AbortSignal} [signal]
   */
  generate(job, signal) {
    return this.#paint(job, signal).catch((error) => {
      throw error.again ? new RequestRejected(`${error.message}; it is tried again`, true) : error;
    });
  }

  /** @param {Job} job @param {AbortSignal} [signal] */
  async #paint({ labels, model, variation, style = null, wall, sky, format }, signal) {
    const { styles } = this.#modelOf(model);
    if (!styles.includes(style ?? "")) style = null; // as the server does it
    const worker = await until(signal, this.#readyFor(model));
    const job = { model, labels, variation, style, wall, sky };
    const { pixels, took } = await until(signal, worker.call("paint", job, { signal }).catch((error) => this.#lose(worker, model, error)));
    const shown = new ImageData(pixels, this.site.size, this.site.size);
    return { picture: format === "shown" ? shown : await encoded(shown, format), took };
  }

  has(model) {
    return Object.hasOwn(this.site.models, model);
  }

  /** Give back the memory; nothing is painted any more. */
  end() {
    this.worker?.then((opened) => opened.end(), () => {});
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

  /** A photo -> {corners: where the house front may be, as shares of it, or null}. @param {Blob} photo */
  async corners(photo) {
    const bitmap = await createImageBitmap(photo);
    return { corners: await this.#ofSegmenter("corners", { photo: bitmap, size: this.site.size }, bitmap) };
  }

  /** A photo and the corners of the house in it, as shares of it, "x,y x,y x,y x,y" -> what is read off it. @type {(photo: Blob, corners: string, model: string) => Promise<any>} */
  async segment(photo, corners, model) {
    const bitmap = await createImageBitmap(photo);
    const { width, height } = bitmap;
    const points = corners.split(" ").map((corner) => corner.split(",").map((share, axis) => Number(share) * [width, height][axis]));
    const fault = faultOf(points);
    if (fault) {
      bitmap.close();
      throw new RequestRejected(fault, false);
    }
    const { size, palettes } = this.site;
    const job = { photo: bitmap, corners: points, size, palettes, model };
    const { labels, pixels, ...found } = await this.#ofSegmenter("segment", job, bitmap);
    const target = await encoded(new ImageData(pixels, size, size), "jpeg");
    return { ...found, drawing: encodeRuns(labels), photo: `data:image/jpeg;base64,${base64Of(new Uint8Array(await target.arrayBuffer()))}` };
  }

  async random(seed) {
    const drawings = await this.#drawings();
    const { examples } = this.site;
    return { drawing: base64Of(drawings[examples + (seed % (drawings.length - examples))]) };
  }

  async example(number) {
    return { drawing: base64Of((await this.#drawings())[number]) };
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

  /** @param {"corners" | "segment"} call @param {object} job @param {Transferable} sent */
  async #ofSegmenter(call, job, sent) {
    const worker = await this.#readyFor(SEGMENTER);
    return worker.call(call, job, { transfer: [sent] }).catch((error) => this.#lose(worker, SEGMENTER, error));
  }

  /** The worker, once it has a model; where files did not come, the next call tries again. */
  async #readyFor(model) {
    const failed = this.failed.get(model);
    if (failed) throw failed;
    let ready = this.ready.get(model);
    if (!ready) {
      ready = this.#load(model);
      this.ready.set(model, ready);
      ready.catch(() => this.ready.delete(model));
    }
    return ready;
  }

  async #load(model) {
    const files = model === SEGMENTER ? this.site.segmenter : this.#modelOf(model);
    const [worker, weights, form] = await Promise.all([this.#opened(), this.downloads.get(files.weights), this.downloads.get(files.form)]);
    const network = { model, weights, form: JSON.parse(new TextDecoder().decode(form)) };
    const call = model === SEGMENTER ? "loadSegmenter" : "load";
    await worker.call(call, network, { transfer: [weights] }).catch((error) => this.#lose(worker, model, error));
    return worker;
  }

  #opened() {
    checkBrowser();
    this.worker ??= this.#open();
    this.worker.catch(() => (this.worker = null));
    return this.worker;
  }

  async #open() {
    const wasm = await this.downloads.get(this.site.wasm);
    const worker = new PaintingWorker();
    try {
      await worker.call("open", { runtime: new URL(this.site.runtime, this.base).href, wasm }, { transfer: [wasm] });
    } catch (error) {
      worker.end();
      throw error;
    }
    return worker;
  }

  /** Raise what happened to a model; one that failed is tried no more, and the others get a new worker. */
  #lose(worker, model, error) {
    if (error instanceof RequestRejected && !worker.isEnded) {
      worker.end();
      this.worker = null;
      this.ready.clear();
      this.failed.set(model, error);
    }
    throw error;
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
    /** @type {Promise<any>} */
    this.idle = Promise.resolve(); // once it has answered all that it was asked
    this.isEnded = false;
    /** @type {{resolve: (answer: any) => void, reject: (error: Error) => void}} */
    this.pending = { resolve: () => {}, reject: () => {} }; // the call that is being answered
    this.worker.onmessage = ({ data: { answer, error, isMemory } }) => {
      if (error === undefined) this.pending.resolve(answer);
      else this.pending.reject(new RequestRejected(isMemory ? NO_MEMORY : `the painter failed in this browser: ${error.slice(0, 200)}`, false));
    };
    this.worker.onerror = () => this.pending.reject(new RequestRejected("the painter's code could not be fetched", true));
  }

  /**
   * One call after the other; what is given up before its turn is left out.
   * @type {(call: "open" | "load" | "paint" | "loadSegmenter" | "corners" | "segment", job: object, options?: {transfer?: Transferable[], signal?: AbortSignal}) => Promise<any>}
   */
  call(call, job, { transfer = [], signal } = {}) {
    const answer = this.idle.then(() => {
      signal?.throwIfAborted();
      if (this.isEnded) throw new RequestRejected(ENDED, true);
      return new Promise((resolve, reject) => {
        this.pending = { resolve, reject };
        this.worker.postMessage({ call, job }, transfer);
      });
    });
    this.idle = answer.catch(() => {});
    return answer;
  }

  end() {
    this.isEnded = true;
    this.worker.terminate();
    this.pending.reject(new RequestRejected(ENDED, true));
  }
}

const ENDED = "the painter was closed";
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

/** Gzipped runs of many label maps of `size` pixels -> the runs of each: as label maps they would take 20 MB. */
async function unpackDrawings(packed, size) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const runs = new Uint8Array(await new Response(stream).arrayBuffer());
  const drawings = [];
  for (let start = 0, at = 0, pixels = 0; at < runs.length; ) {
    pixels += runs[at + 1] | (runs[at + 2] << 8);
    at += 3;
    if (pixels < size) continue;
    drawings.push(runs.subarray(start, at));
    [start, pixels] = [at, 0];
  }
  return drawings;
}
