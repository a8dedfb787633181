// From a photo of a house to its drawing and its colours, around the segmenter's graph: as pix2pix/inference/segmenter.py.
// Photos are squares of RGBA pixels.

import { corrected } from "./cleaning.js";
import { setColour } from "./network.js";
import { drawn, findRectangles } from "./rectangles.js";
import { isLabelImage } from "./uploads.js";

/** @import { Form } from "./network.js" */

const CLASSES = 12;
const [BACKGROUND, WALL] = [0, 1];
const OPENINGS = [2, 3, 11, 6, 7]; // window, door, shop, balcony, blind
const MIN_AREA = 0.005; // of the picture: less of wall or of sky tells no colour
const MIN_OPENINGS = 0.08; // of the picture: photos of facades have 0.15 and more, of faces and animals 0.06 and less
const MIN_CONTRAST = 3; // levels: a darker or plainer photo shows nothing

/** A photo, or its mirror image, as the graph takes it: planes in [-1, 1]. @type {(photo: Uint8ClampedArray, side: number, isMirrored: boolean) => Float32Array} */
export function planesOf(photo, side, isMirrored) {
  const pixels = side * side;
  const planes = new Float32Array(3 * pixels);
  for (let at = 0; at < pixels; at++) {
    const from = 4 * (isMirrored ? mirrored(at, side) : at);
    for (let channel = 0; channel < 3; channel++) planes[channel * pixels + at] = photo[from + channel] / 127.5 - 1;
  }
  return planes;
}

/** What the graph gives for a photo and for its mirror image -> the mean probabilities of the classes, plane by plane, in its place. @type {(logits: Float32Array, ofMirrored: Float32Array, side: number) => Float32Array} */
export function probabilities(logits, ofMirrored, side) {
  const [seen, other, pixels] = [softmax(logits, side), softmax(ofMirrored, side), side * side];
  for (let at = 0; at < seen.length; at++) {
    seen[at] = (seen[at] + other[at - (at % pixels) + mirrored(at % pixels, side)]) / 2;
  }
  return seen;
}

/** The class of the greatest probability at each pixel. @type {(shares: Float32Array, side: number) => Uint8Array<ArrayBuffer>} */
export function labelsOf(shares, side) {
  return new Uint8Array(side * side).map((_, at) => {
    let most = 0;
    for (let label = 1; label < CLASSES; label++) if (shares[label * side * side + at] > shares[most * side * side + at]) most = label;
    return most;
  });
}

/** Where there is rather a house than background. @type {(shares: Float32Array, side: number) => boolean[]} */
export function houseIn(shares, side) {
  return Array.from(shares.subarray(BACKGROUND * side * side, (BACKGROUND + 1) * side * side), (share) => share < 0.5);
}

/**
 * What is seen in a photo, pixel by pixel -> its drawing, the mean colours of wall and sky (null where there is too
 * little of it), and why this may be no house ("" where nothing speaks against it).
 * @param {Uint8Array<ArrayBuffer>} seen
 * @param {Uint8ClampedArray} photo
 * @param {number} side
 * @param {Record<string, number[][]>} palettes
 */
export function read(seen, photo, side, palettes) {
  const labels = corrected(seen, photo, side);
  const wall = meanOf(photo, (at) => labels[at] === WALL);
  const sky = meanOf(photo, (at) => labels[at] === BACKGROUND && at < labels.length / 2); // lower down it is the street
  return { labels: drawn(findRectangles(seen, side), side), wall, sky, doubt: doubtOf(seen, photo, palettes) };
}

/** The style of a network whose colours are nearest; null without a wall, and where there are none. @type {(form: Form, wall: string | null, sky: string | null) => string | null} */
export function nearestStyle({ colors, styles }, wall, sky) {
  const names = Object.keys(styles);
  if (!wall || !colors || !names.length) return null;
  const code = new Float32Array(colors.mean.length);
  setColour(code, colors, 0, wall);
  setColour(code, colors, 3, sky);
  const distances = names.map((name) => Math.hypot(...code.map((number, at) => styles[name][at] - number)));
  return names[distances.indexOf(Math.min(...distances))];
}

/** @type {(seen: Uint8Array, photo: Uint8ClampedArray, palettes: Record<string, number[][]>) => string} */
function doubtOf(seen, photo, palettes) {
  let [sum, squares] = [0, 0];
  photo.forEach((level, at) => {
    if (at % 4 === 3) return; // it is opaque
    sum += level;
    squares += level ** 2;
  });
  const levels = 3 * seen.length;
  if (Math.sqrt(Math.max(squares / levels - (sum / levels) ** 2, 0)) < MIN_CONTRAST) return "this photo is too dark or too plain to see a house in";
  if (isLabelImage(photo, palettes)) return "this looks like a drawing, not a photo: open it, or translate it, as it is";
  const openings = seen.filter((label) => OPENINGS.includes(label)).length;
  return openings < MIN_OPENINGS * seen.length ? "this does not look like the front of a house" : "";
}

/** "#rrggbb" @type {(photo: Uint8ClampedArray, isThere: (at: number) => boolean) => string | null} */
function meanOf(photo, isThere) {
  const [sums, pixels] = [[0, 0, 0], photo.length / 4];
  let count = 0;
  for (let at = 0; at < pixels; at++) {
    if (!isThere(at)) continue;
    count++;
    for (let channel = 0; channel < 3; channel++) sums[channel] += photo[4 * at + channel];
  }
  if (count < MIN_AREA * pixels) return null;
  return `#${sums.map((sum) => Math.round(sum / count).toString(16).padStart(2, "0")).join("")}`;
}

/** Over the classes, at each pixel, in place: the planes of all take 3 MB. @type {(numbers: Float32Array, side: number) => Float32Array} */
function softmax(numbers, side) {
  const pixels = side * side;
  for (let at = 0; at < pixels; at++) {
    let [most, sum] = [-Infinity, 0];
    for (let from = at; from < numbers.length; from += pixels) most = Math.max(most, numbers[from]);
    for (let from = at; from < numbers.length; from += pixels) sum += numbers[from] = Math.exp(numbers[from] - most);
    for (let from = at; from < numbers.length; from += pixels) numbers[from] /= sum;
  }
  return numbers;
}

/** @type {(at: number, side: number) => number} */
function mirrored(at, side) {
  return at - 2 * (at % side) + side - 1;
}
