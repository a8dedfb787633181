// The second convolution, which sees 10x10 labels at a place: computed once for each patch of labels that a drawing has,
// of which a house repeats most. `distinct_patches` in pix2pix/export/wasm_graph.py does the same.

import { OUTSIDE } from "./network.js";

const [SEEN, STRIDE, BEYOND] = [10, 4, 3]; // labels a place sees a side, from one place to the next, beyond the edge
const [KERNEL, LABELS] = [4, OUTSIDE + 1];

export class Patches {
  constructor() {
    this.rows = new Float32Array(); // of the last drawing, or more
  }

  /**
   * What the second convolution sees at each kind of place, a row each, in memory that the next call takes; the kind of
   * each place, and how many kinds there are. `encoded` is the result of the first one, `channels` of `size / 2` a side.
   * @type {(labels: Uint8Array, size: number, encoded: Float32Array, channels: number) => {patches: Float32Array, kinds: Int32Array, count: number}}
   */
  of(labels, size, encoded, channels) {
    const { kinds, first } = kindsOf(labels, size);
    const [side, from] = [size / STRIDE, size / 2];
    const length = first.length * channels * KERNEL * KERNEL;
    if (this.rows.length < length) this.rows = new Float32Array(length);
    const { rows } = this;
    let to = 0;
    for (const place of first) {
      const [top, left] = [2 * Math.floor(place / side) - 1, 2 * (place % side) - 1];
      const isInside = Math.min(top, left) >= 0 && Math.max(top, left) + KERNEL <= from;
      for (let channel = 0; channel < channels; channel++) {
        for (let y = top, at = (channel * from + top) * from + left; y < top + KERNEL; y++, at += from, to += KERNEL) {
          for (let x = 0; x < KERNEL; x++) rows[to + x] = isInside || isWithin(y, left + x, from) ? encoded[at + x] : 0;
        }
      }
    }
    return { patches: rows.subarray(0, length), kinds, count: first.length };
  }
}

/** @param {number} y @param {number} x @param {number} side */
function isWithin(y, x, side) {
  return y >= 0 && y < side && x >= 0 && x < side;
}

/** The kind of each place: which of the patches of labels it sees; and the first place of each kind. @type {(labels: Uint8Array, size: number) => {kinds: Int32Array, first: number[]}} */
function kindsOf(labels, size) {
  const side = size / STRIDE;
  const strips = stripsOf(labels, size); // `side` in a row
  const kinds = new Int32Array(side * side);
  const first = [];
  const numbers = Array.from({ length: SEEN - 1 }, () => new Numbers());
  for (let place = 0, y = 0; y < side; y++) {
    for (let x = 0; x < side; x++, place++) {
      const top = y * STRIDE * side + x;
      if (x > 0 && isSame(strips, top, top - 1, side, SEEN)) {
        kinds[place] = kinds[place - 1];
      } else if (y > 0 && isSame(strips, top, top - STRIDE * side, side, SEEN)) {
        kinds[place] = kinds[place - side];
      } else {
        let kind = strips[top];
        for (let row = 1; row < SEEN; row++) kind = numbers[row - 1].of(kind * strips.length + strips[top + row * side]);
        if (kind === first.length) first.push(place);
        kinds[place] = kind;
      }
    }
  }
  return { kinds, first };
}

/** A number for each strip of SEEN labels beside each other, the same for equal ones: where they stand for a place. */
function stripsOf(labels, size) {
  const [side, width] = [size / STRIDE, size + 2 * BEYOND];
  const strips = new Int32Array(width * side);
  const [halves, numbers] = [new Numbers(), new Numbers()]; // two halves: larger keys take longer
  const padded = new Uint8Array(width * width).fill(OUTSIDE);
  for (let y = 0; y < size; y++) padded.set(labels.subarray(y * size, (y + 1) * size), (y + BEYOND) * width + BEYOND);
  for (let y = 0, to = 0; y < width; y++) {
    if (y > 0 && isSame(padded, y * width, (y - 1) * width, 1, width)) {
      strips.copyWithin(to, to - side, to);
      to += side;
      continue;
    }
    for (let x = 0; x < side; x++, to++) {
      const at = y * width + x * STRIDE;
      if (x > 0 && isSame(padded, at, at - STRIDE, 1, SEEN)) {
        strips[to] = strips[to - 1];
        continue;
      }
      let [left, right] = [0, 0];
      for (let tap = 0; tap < SEEN / 2; tap++) [left, right] = [left * LABELS + padded[at + tap], right * LABELS + padded[at + tap + SEEN / 2]];
      strips[to] = numbers.of(halves.of(left) * strips.length + halves.of(right));
    }
  }
  return strips;
}

/** Whether `count` values, `step` apart, are the same from `at` and from `other` on. */
function isSame(values, at, other, step, count) {
  for (const end = at + count * step; at < end; at += step, other += step) if (values[at] !== values[other]) return false;
  return true;
}

/** Keys -> 0, 1, 2 ... as they come. */
class Numbers {
  constructor() {
    /** @type {Map<number, number>} */
    this.known = new Map();
  }

  /** @param {number} key */
  of(key) {
    let number = this.known.get(key);
    if (number === undefined) this.known.set(key, (number = this.known.size));
    return number;
  }
}
