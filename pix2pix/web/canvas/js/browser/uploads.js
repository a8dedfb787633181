// An uploaded label image -> label map, as pix2pix/web/canvas/uploads.py reads it: either palette, or grey numbers of
// classes, told from photos. Of an indexed file a browser tells the colours alone.

import { RequestRejected } from "../net/server.js";

const NEAR = 48; // units of colour: a label image's pixels lie so near to the palette, after JPEG too
const MIN_NEAR = 0.6; // share of pixels that do
const EXACT = 0.5;
const MAX_SIDE = 1024; // pixels
const CLASSES = 12;
const NO_LABELS =
  "this looks like a photo, not a label image: its colours are not those of the 12 classes, and it holds no numbers of classes either, 0 to 11 or 1 to 12";

/** @type {(file: Blob, size: number, palettes: Record<string, number[][]>) => Promise<any>} */
export async function readLabels(file, size, palettes) {
  const { picture, full } = await pictureOf(file);
  const { labels, facts } = readPixels(picture, size, palettes);
  return { labels, width: full.width, height: full.height, ...facts };
}

/**
 * RGBA pixels -> label map of `size` pixels a side, and what they were; raises RequestRejected for anything else.
 * @type {(picture: {data: Uint8ClampedArray, width: number, height: number}, size: number, palettes: Record<string, number[][]>) => any}
 */
export function readPixels({ data, width, height }, size, palettes) {
  const pixels = width * height;
  const tried = Object.entries(palettes).map(([name, palette]) => ({ name, ...snap(data, palette) }));
  if (tried.some(({ far }) => far <= (1 - MIN_NEAR) * pixels)) {
    const best = tried.reduce((one, other) => (other.beside < one.beside ? other : one));
    return { labels: resized(best.labels, width, height, size), facts: { off: best.off, pixels, palette: best.name } };
  }
  const numbers = numbersOf(data);
  if (!numbers) throw new RequestRejected(NO_LABELS, false);
  return { labels: resized(numbers, width, height, size), facts: { off: 0, pixels, palette: "numbers" } };
}

/** Whether RGBA pixels have the colours of one of the palettes, as photos have not. @type {(data: Uint8ClampedArray, palettes: Record<string, number[][]>) => boolean} */
export function isLabelImage(data, palettes) {
  return Object.values(palettes).some((palette) => snap(data, palette).far <= ((1 - MIN_NEAR) * data.length) / 4);
}

/** The picture on white, made smaller by leaving pixels out where it is large. */
async function pictureOf(file) {
  const full = await createImageBitmap(file, { colorSpaceConversion: "none" }).catch(() => {
    throw new RequestRejected("this is no picture that this browser can read", false);
  });
  const step = Math.ceil(Math.max(full.width, full.height) / MAX_SIDE);
  const [width, height] = [Math.ceil(full.width / step), Math.ceil(full.height / step)];
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(width, height).getContext("2d"));
  context.imageSmoothingEnabled = false;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(full, 0, 0, width, height);
  return { picture: context.getImageData(0, 0, width, height), full };
}

/** RGBA pixels -> their nearest classes, and how many lie off the palette, a little beside it, and far from it. */
function snap(data, palette) {
  const labels = new Uint8Array(data.length / 4);
  let [off, beside, far] = [0, 0, 0];
  for (let at = 0, from = 0; at < labels.length; at++, from += 4) {
    let least = Infinity;
    for (let label = 0; label < palette.length; label++) {
      const [r, g, b] = palette[label];
      const distance = (data[from] - r) ** 2 + (data[from + 1] - g) ** 2 + (data[from + 2] - b) ** 2;
      if (distance < least) [least, labels[at]] = [distance, label];
    }
    if (least > EXACT ** 2) off++;
    if (least > (NEAR / 4) ** 2) beside++;
    if (least > NEAR ** 2) far++;
  }
  return { labels, off, beside, far };
}

/** Grey RGBA pixels of 0 to 11, or 1 to 12 as CMP counts -> classes; null for anything else. */
function numbersOf(data) {
  const numbers = new Uint8Array(data.length / 4);
  let least = 255;
  for (let at = 0, from = 0; at < numbers.length; at++, from += 4) {
    if (data[from] > CLASSES || data[from] !== data[from + 1] || data[from] !== data[from + 2]) return null;
    numbers[at] = data[from];
    least = Math.min(least, numbers[at]);
  }
  const first = Math.min(least, 1);
  return numbers.every((number) => number - first < CLASSES) ? numbers.map((number) => number - first) : null;
}

/** A label map by nearest neighbour as `size` pixels a side. */
function resized(labels, width, height, size) {
  const result = new Uint8Array(size * size);
  for (let y = 0; y < size; y++) {
    const row = Math.floor(((y + 0.5) * height) / size) * width;
    for (let x = 0; x < size; x++) result[y * size + x] = labels[row + Math.floor(((x + 0.5) * width) / size)];
  }
  return result;
}
