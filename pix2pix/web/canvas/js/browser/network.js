// What the worker computes around the graph, as pix2pix/export/wasm_graph.py and Translator do it in Python: the
// convolutions that see labels, as table look-ups, the numbers of chance, and the code of colours and style.

import { bytesOf } from "../model/runs.js";
import { Stream } from "./noise.js";
import { street } from "./walls.js";

const CLASSES = 12;
export const OUTSIDE = CLASSES; // what lies beyond the edges of a drawing
const STYLE_SPREAD = 0.4; // standard deviations by which a variation strays from a named style
const COLOUR_SPREAD = 1.1; // and from its colours of wall and sky
const MAX_COLOR_CODE = 6; // standard deviations
const SKY = 0; // the class that is sky

/**
 * @typedef {object} Form what the worker is told of a network: `WasmForm` in Python
 * @property {number} size pixels: the side of a drawing
 * @property {Record<string, {kernel: number, stride: number, leak: number, taps: string, bias: string}>} tables by input of the graph
 * @property {number} sky squares a side whose share of sky is an input
 * @property {number[]} noise sides of the planes of noise
 * @property {number} code how many numbers tell colours and style
 * @property {{mean: number[], spread: number[][]} | null} colors
 * @property {Record<string, number[]>} styles
 *
 * @typedef {object} Wish what a drawing is painted with
 * @property {number | null} variation
 * @property {string | null} [style]
 * @property {string | null} [wall] "#rrggbb"
 * @property {string | null} [sky]
 */

/** A convolution of class planes by look-up, and LeakyReLU after it. Two taps beside each other are looked up at once, in sums made before. */
export class Table {
  /** `taps` are (row, column, class, channel), `bias` one number a channel. */
  constructor({ kernel, stride, leak, taps, bias }) {
    this.stride = stride;
    this.leak = leak; // its slope; 1: there is none
    this.bias = numbersOf(bias);
    this.channels = this.bias.length;
    /** @type {Float32Array | null} */
    this.result = null; // of the last drawing, of which most rows stay while somebody paints
    this.padded = new Uint8Array(); // that drawing
    const ofTap = numbersOf(taps);
    /** @type {{row: number, column: number, step: number, sums: Float32Array}[]} */
    this.lookups = [];
    for (let row = 0; row < kernel; row++) {
      for (let column = 0; column < kernel; column += 2) {
        const isPair = column + 1 < kernel;
        this.lookups.push({ row, column, step: isPair ? OUTSIDE + 1 : 1, sums: this.#sums(ofTap, row * kernel + column, isPair) });
      }
    }
  }

  /** What each class at a tap, with each class at the tap to its right, adds to all channels. */
  #sums(taps, tap, isPair) {
    const { channels } = this;
    const tapOf = (at, label, channel) => (label === OUTSIDE ? 0 : taps[(at * CLASSES + label) * channels + channel]);
    const rights = isPair ? OUTSIDE + 1 : 1;
    const sums = new Float32Array((OUTSIDE + 1) * rights * channels);
    for (let left = 0, to = 0; left <= OUTSIDE; left++) {
      for (let right = 0; right < rights; right++) {
        for (let channel = 0; channel < channels; channel++) {
          sums[to++] = tapOf(tap, left, channel) + (isPair ? tapOf(tap + 1, right, channel) : 0);
        }
      }
    }
    return sums;
  }

  /** Label map of `size` pixels a side -> channels of `size / stride` pixels a side, in memory that the next call takes. */
  convolve(labels, size) {
    const { channels, stride, lookups } = this;
    const [width, side] = [size + 2, size / stride];
    const padded = new Uint8Array(width * width).fill(OUTSIDE);
    for (let y = 0; y < size; y++) padded.set(labels.subarray(y * size, (y + 1) * size), (y + 1) * width + 1);
    const isAsBefore = equalRows(padded, this.padded, width, 0);
    const isAsAbove = equalRows(padded, padded, width, stride);
    this.padded = padded;
    const rows = lookups[lookups.length - 1].row + 1;
    const [starts, sums] = [new Int32Array(side + 1), new Float32Array(side * channels)]; // of one row: where each run begins, and what it is
    const result = (this.result ??= new Float32Array(channels * side * side));
    for (let y = 0; y < side; y++) {
      const from = stride * y;
      if (isAsBefore.subarray(from, from + rows).every(Boolean)) continue;
      if (isAsAbove.subarray(from, from + rows).every(Boolean)) { // so are most rows of a house
        for (let row = y * side; row < result.length; row += side * side) result.copyWithin(row, row - side, row);
        continue;
      }
      const count = this.#runs(padded, from * width, width, side, starts, sums);
      for (let channel = 0; channel < channels; channel++) {
        const row = channel * side * side + y * side;
        for (let run = 0, x = 0; run < count; run++) {
          const sum = sums[run * channels + channel];
          for (const end = starts[run + 1]; x < end; x++) result[row + x] = sum;
        }
      }
    }
    return result;
  }

  /** Fill `starts` and `sums` with the runs of equal places of the row that begins at `at`; returns how many. */
  #runs(padded, at, width, side, starts, sums) {
    const { channels, stride, leak, bias, lookups } = this;
    const last = new Int32Array(lookups.length).fill(-1);
    let count = 0;
    for (let x = 0; x < side; x++, at += stride) {
      let isSame = true;
      for (let k = 0; k < lookups.length; k++) {
        const { row, column, step } = lookups[k];
        const seen = at + row * width + column;
        const start = (step === 1 ? padded[seen] : padded[seen] * step + padded[seen + 1]) * channels;
        if (start !== last[k]) [last[k], isSame] = [start, false];
      }
      if (isSame) continue;
      const to = count * channels;
      sums.set(bias, to);
      for (let k = 0; k < lookups.length; k++) {
        const [of, start] = [lookups[k].sums, last[k]];
        for (let channel = 0; channel < channels; channel++) sums[to + channel] += of[start + channel];
      }
      for (let channel = to; channel < to + channels; channel++) if (sums[channel] < 0) sums[channel] *= leak;
      starts[count++] = x;
    }
    starts[count] = side;
    return count;
  }
}

/** Whether each row of `width` labels equals that of `others` which lies `above` rows higher: 1 or 0. */
function equalRows(labels, others, width, above) {
  const height = labels.length / width;
  const found = new Uint8Array(height);
  for (let row = above; row < height; row++) {
    let at = row * width;
    const end = at + width;
    while (at < end && labels[at] === others[at - above * width]) at++;
    found[row] = Number(at === end);
  }
  return found;
}

/** The share of sky in each of `cells` x `cells` squares of a label map: of background above the street. */
export function skyShares(labels, size, cells) {
  const side = size / cells;
  const shares = new Float32Array(cells * cells);
  const height = street(labels, size);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < size; x++) {
      if (labels[y * size + x] === SKY) shares[Math.floor(y / side) * cells + Math.floor(x / side)] += 1 / (side * side);
    }
  }
  return shares;
}

/** What a variation (null: the one without chance) draws for a form: planes of noise, and a code. */
export function draw({ noise, code }, variation) {
  const stream = new Stream(variation ?? 0);
  const planes = noise.map((side) => stream.normals(side * side));
  const drawn = stream.normals(code);
  return { planes, code: variation === null ? drawn.fill(0) : drawn };
}

/**
 * The code of a picture: that of chance, a style or near one, and in it the colours that are asked for.
 * @type {(form: Form, drawn: Float32Array, wish: Wish) => Float32Array}
 */
export function codeOf(form, drawn, { variation, style = null, wall = null, sky = null }) {
  const names = Object.keys(form.styles);
  const code = names.length ? styleCode(form, names, style, variation) : drawn.slice();
  if (form.colors) {
    setColour(code, form.colors, 0, wall);
    setColour(code, form.colors, 3, sky);
  }
  return code;
}

function styleCode({ styles, colors }, names, style, variation) {
  if (style !== null || variation === null) return Float32Array.from(styles[style ?? names[0]]);
  const stream = new Stream(variation, names.length); // another stream than that of the noise
  const near = Float32Array.from(styles[names[stream.integer(names.length)]]);
  const strayed = stream.normals(near.length);
  const colours = colors ? colors.mean.length : 0;
  const spread = (at) => Math.fround(at < colours ? COLOUR_SPREAD : STYLE_SPREAD);
  return near.map((number, at) => number + Math.fround(spread(at) * strayed[at]));
}

/** Set the three numbers of the code from `first` on so that they stand for a colour; those before them stay. */
export function setColour(code, { mean, spread }, first, colour) {
  if (!colour) return;
  const exact = [];
  for (let at = first; at < first + 3; at++) { // `spread` is lower triangular
    const channel = parseInt(colour.slice(1 + 2 * (at - first), 3 + 2 * (at - first)), 16) / 127.5 - 1;
    let rest = channel - mean[at];
    for (let before = 0; before < first; before++) rest -= spread[at][before] * code[before];
    for (let before = first; before < at; before++) rest -= spread[at][before] * exact[before - first];
    exact.push(rest / spread[at][at]);
  }
  exact.forEach((number, at) => (code[first + at] = Math.min(MAX_COLOR_CODE, Math.max(-MAX_COLOR_CODE, number))));
}

/** What a graph gives, three planes in [-1, 1] -> RGBA pixels; rounds to the nearest even, as numpy's rint. */
export function pixelsOf(planes) {
  const count = planes.length / 3;
  const pixels = new Uint8ClampedArray(4 * count);
  for (let from = 0, to = 0; from < count; from++, to += 4) {
    pixels[to] = (planes[from] + 1) * 127.5;
    pixels[to + 1] = (planes[from + count] + 1) * 127.5;
    pixels[to + 2] = (planes[from + 2 * count] + 1) * 127.5;
    pixels[to + 3] = 255;
  }
  return pixels;
}

/** base64 of float32 -> numbers. */
function numbersOf(text) {
  return new Float32Array(bytesOf(text).buffer);
}
