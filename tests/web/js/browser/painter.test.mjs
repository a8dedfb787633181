import assert from "node:assert/strict";
import test from "node:test";

import { Widened } from "../../../../pix2pix/web/canvas/js/browser/halves.js";
import { RequestRejected } from "../../../../pix2pix/web/canvas/js/net/server.js";
import { BrowserPainter } from "../../../../pix2pix/web/canvas/js/browser/painter.js";

const SITE = {
  size: 1, runtime: "ort.js", wasm: { path: "wasm" }, segmenter: networkOf("segmenter"),
  models: { large: networkOf("large"), live: networkOf("live") },
};
function networkOf(name) {
  return { weights: { path: `${name}/weights` }, form: { path: `${name}/form` }, colours: true, styles: [] };
}

/** A painter whose workers are stand-ins that answer when told to; `heard` has what each was asked. */
function setUp() {
  const workers = [];
  globalThis.Worker = class {
    constructor() {
      Object.assign(this, { heard: [], isEnded: false });
      workers.push(this);
    }
    postMessage({ call, job }) {
      this.heard.push(`${call} ${job.model ?? ""}`.trim());
      if (call !== "paint") queueMicrotask(() => this.onmessage({ data: { answer: undefined } }));
    }
    terminate() {
      this.isEnded = true;
    }
    paint() {
      this.onmessage({ data: { answer: { pixels: new Uint8ClampedArray(4), took: 1 } } });
    }
  };
  globalThis.ImageData = class {};
  globalThis.createImageBitmap = async () => ({ width: 100, height: 100, close() {} });
  const painter = new BrowserPainter(/** @type {any} */ (SITE), new URL("http://site/"));
  painter.downloads.get = async ({ path }) => (path.endsWith("form") ? new TextEncoder().encode("{}").buffer : new ArrayBuffer(2));
  const paint = (model, signal) => painter.generate({ labels: new Uint8Array(1), model, variation: null, wall: null, sky: null, format: "shown" }, signal);
  return { workers, paint, painter };
}
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test("one worker, and with it one runtime, has all models; what is given up before its turn never reaches it", async () => {
  const { workers, paint } = setUp();
  const [first, given] = [paint("live"), new AbortController()];
  await settled();
  const refused = assert.rejects(paint("large", given.signal), { name: "AbortError" });
  await settled();
  given.abort();
  workers[0].paint();
  await Promise.all([first, refused]);
  const next = paint("live");
  await settled();
  workers[0].paint();
  await next;
  assert.equal(workers.length, 1);
  assert.deepEqual(workers[0].heard.sort(), ["load large", "load live", "open", "paint live", "paint live"]);
});

test("a model that is too much for a browser is tried no more, and the others go on in a new worker", async () => {
  const { workers, paint } = setUp();
  const live = paint("live");
  await settled();
  workers[0].paint();
  await live;
  const large = assert.rejects(paint("large"), /too little memory/);
  await settled();
  const waiting = assert.rejects(paint("live"), (error) => error.again);
  await settled();
  workers[0].onmessage({ data: { error: "out of memory", isMemory: true } });
  await Promise.all([large, waiting]);
  assert.ok(workers[0].isEnded);
  await assert.rejects(paint("large"), /too little memory/);
  const again = paint("live");
  await settled();
  workers[1].paint();
  await again;
  assert.equal(workers.length, 2);
});

test("a photo is read by the worker that paints, and crossed corners reach none", async () => {
  const { workers, paint, painter } = setUp();
  await assert.rejects(painter.segment(/** @type {any} */ ({}), "0,0 1,1 1,0 0,1", "live"), /cross/);
  assert.equal(workers.length, 0);
  await Promise.all([painter.corners(/** @type {any} */ ({})), settled()]);
  const live = paint("live");
  await settled();
  workers[0].paint();
  await live;
  assert.equal(workers.length, 1);
  assert.deepEqual(workers[0].heard, ["open", "loadSegmenter /segmenter", "corners", "load live", "paint live"]);
});

test("what could not be fetched is fetched again by the next photo; only pictures are said to be tried again", async () => {
  const { paint, painter } = setUp();
  const { get } = painter.downloads;
  painter.downloads.get = async ({ path }) => {
    throw new RequestRejected(`${path} could not be fetched`, true);
  };
  await assert.rejects(painter.corners(/** @type {any} */ ({})), /fetched$/);
  await assert.rejects(paint("live"), /fetched; it is tried again$/);
  painter.downloads.get = get;
  assert.deepEqual(await painter.corners(/** @type {any} */ ({})), { corners: undefined });
});

test("half precision is widened without loss", () => {
  const bits = [0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x0400, 0x3555, 0x7c00];
  const values = [0, -0, 1, -2, 65504, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 0.333251953125, Infinity];
  const halves = new Widened(Uint16Array.from(bits).buffer);
  const floats = (...range) => [...new Float32Array(halves.subarray(...range).buffer)];
  assert.equal(halves.byteLength, 4 * values.length);
  assert.deepEqual(floats(), values);
  assert.deepEqual(floats(8, 20), values.slice(2, 5)); // one tensor among others
  const last = halves.subarray();
  halves.end();
  assert.equal(last.byteLength + halves.byteLength, 0);
});
