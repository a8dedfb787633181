// Drawings from what a segmenter sees, pixel by pixel: as pix2pix/inference/rectangles.py makes them, number by number.
// Label maps are squares of `side` pixels.

/** @typedef {{label: number, left: number, top: number, right: number, bottom: number}} Rectangle pixels up to, not with, right and bottom */
/** @typedef {Rectangle & {mask: Uint8Array, count: number}} Area a connected area: where it is, and which pixels there are its own */

const ORDER = [0, 1, 5, 6, 3, 7, 9, 8, 11, 2, 4, 10]; // of the classes, back to front, as CMP draws them
const [BACKGROUND, WALL, MOLDING, PILLAR] = [0, 1, 9, 10];
const RANK = ORDER.map((_, label) => ORDER.indexOf(label));

const [OWN, OTHER, HIDDEN] = [10, -10, -3]; // what a pixel counts: of the class; of another; of one in front that will cover it
const MIN_GAIN = 0.00025; // of the picture: pixels that a rectangle must hold more of its class than of others
const [MIN_SHARE, MIN_SHARE_OF_BASE] = [0.08, 0.03]; // of an area: what a further rectangle must still explain of it
const MAX_RECTANGLES = 12; // of one area
const MIN_SIDE = 0.008; // of the picture's: thinner rectangles are slivers
const COARSE = 40; // cells: larger areas are searched in cells of several pixels first
const [STRICT, STRICT_OF_STRIPE] = [16, 2]; // times what other pixels count at first: what a thin bridge joins becomes two
const NEAR = 0.012; // of the picture's side: middles so near are one
const NEAR_SIZE = 0.15; // of a side: sides so near are one

/** Draw rectangles back to front onto wall. @param {Rectangle[]} rectangles @param {number} side */
export function drawn(rectangles, side) {
  const labels = new Uint8Array(side * side).fill(WALL);
  for (const { label, left, top, right, bottom } of rectangles.toSorted((one, other) => RANK[one.label] - RANK[other.label])) {
    for (let y = top; y < bottom; y++) labels.fill(label, y * side + left, y * side + right);
  }
  return labels;
}

/** The rectangles of a label map, aligned; what is in none of them is wall. @param {Uint8Array} labels @param {number} side */
export function findRectangles(labels, side) {
  return [...areas(labels, side)]
    .filter(([label]) => label !== WALL)
    .flatMap(([, some]) => align(some.flatMap((area) => [...cover(labels, side, area)]), side));
}

/**
 * The connected areas of a label map by class, in reading order; those of a few pixels are left out.
 * @param {Uint8Array} labels
 * @param {number} side
 */
function areas(labels, side) {
  const areaOf = new Int32Array(labels.length).fill(-1);
  /** @type {Map<number, Area[]>} */
  const found = new Map();
  for (let first = 0; first < labels.length; first++) {
    if (areaOf[first] >= 0) continue;
    const pixels = connected(labels, side, first, areaOf);
    if (pixels.length < MIN_GAIN * labels.length) continue;
    const label = labels[first];
    if (!found.has(label)) found.set(label, []);
    found.get(label)?.push(areaFrom(label, pixels, side));
  }
  return found;
}

/** The pixels of the area that begins at `first`, marked as its own. @type {(labels: Uint8Array, side: number, first: number, areaOf: Int32Array) => number[]} */
function connected(labels, side, first, areaOf) {
  const pixels = [first];
  areaOf[first] = first;
  for (let next = 0; next < pixels.length; next++) {
    const at = pixels[next];
    const x = at % side;
    for (const beside of [x ? at - 1 : -1, x < side - 1 ? at + 1 : -1, at - side, at + side]) {
      if (labels[beside] !== labels[first] || areaOf[beside] >= 0) continue;
      areaOf[beside] = first;
      pixels.push(beside);
    }
  }
  return pixels;
}

/** @type {(label: number, pixels: number[], side: number) => Area} */
function areaFrom(label, pixels, side) {
  let [left, top, right, bottom] = [side, side, 0, 0];
  for (const at of pixels) {
    const [x, y] = [at % side, Math.floor(at / side)];
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x + 1), Math.min(top, y), Math.max(bottom, y + 1)];
  }
  const mask = new Uint8Array((right - left) * (bottom - top));
  for (const at of pixels) mask[(Math.floor(at / side) - top) * (right - left) + (at % side) - left] = 1;
  return { label, left, top, right, bottom, mask, count: pixels.length };
}

/** The rectangles of one connected area. @type {(labels: Uint8Array, side: number, area: Area) => Generator<Rectangle>} */
function* cover(labels, side, { label, left, top, right, bottom, mask, count }) {
  const [width, height] = [right - left, bottom - top];
  const isBase = label === BACKGROUND || label === WALL;
  const strictness = [BACKGROUND, MOLDING, PILLAR].includes(label) ? STRICT_OF_STRIPE : STRICT; // stripes go on behind what crosses them
  const weights = new Int32Array(width * height);
  for (let at = 0; at < weights.length; at++) {
    const other = labels[(top + Math.floor(at / width)) * side + left + (at % width)];
    if (mask[at]) weights[at] = OWN;
    else if (other !== label) weights[at] = !isBase && RANK[other] > RANK[label] ? HIDDEN : OTHER;
  }
  const strict = weights.map((weight) => (weight < 0 ? strictness * weight : weight));
  let least = OWN * MIN_GAIN * labels.length;
  for (let found = 0; found < MAX_RECTANGLES; found++) {
    const { box, reach } = bestRectangle(strict, width, height);
    const { gain, refined } = refine(weights, width, height, box, reach);
    const [up, from, down, to] = refined;
    if (gain < least || Math.min(down - up, to - from) < MIN_SIDE * side) return;
    yield { label, left: left + from, top: top + up, right: left + to, bottom: top + down };
    for (let y = up; y < down; y++) for (const each of [weights, strict]) each.fill(0, y * width + from, y * width + to);
    least = Math.max(least, OWN * (isBase ? MIN_SHARE_OF_BASE : MIN_SHARE) * count);
  }
}

/**
 * [top, left, bottom, right] of the greatest sum of weights, and how far its edges may be off.
 * @param {Int32Array} weights
 * @param {number} width
 * @param {number} height
 */
function bestRectangle(weights, width, height) {
  const step = Math.ceil(Math.max(width, height) / COARSE);
  if (step === 1) return { box: search(weights, width, height), reach: 2 };
  const [columns, rows] = [Math.ceil(width / step), Math.ceil(height / step)];
  const cells = new Int32Array(columns * rows);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) cells[Math.floor(y / step) * columns + Math.floor(x / step)] += weights[at++];
  }
  return { box: search(cells, columns, rows).map((each) => step * each), reach: step + 1 };
}

/** The rectangle of the greatest sum: Kadane's, for all pairs of rows. @type {(weights: Int32Array, width: number, height: number) => number[]} */
function search(weights, width, height) {
  let [most, box] = [-Infinity, [0, 0, 0, 0]];
  for (let top = 0; top < height; top++) {
    const columns = new Int32Array(width);
    for (let bottom = top + 1; bottom <= height; bottom++) {
      let [sum, least, left] = [0, 0, 0];
      for (let x = 0; x < width; x++) {
        columns[x] += weights[(bottom - 1) * width + x];
        sum += columns[x];
        if (sum - least > most) [most, box] = [sum - least, [top, left, bottom, x + 1]];
        if (sum < least) [least, left] = [sum, x + 1];
      }
    }
  }
  return box;
}

/** The greatest sum where each edge of a box may move by up to `reach` pixels. @type {(weights: Int32Array, width: number, height: number, box: number[], reach: number) => {gain: number, refined: number[]}} */
function refine(weights, width, height, box, reach) {
  const line = width + 1;
  const sums = new Int32Array(line * (height + 1)); // of what is above and to the left
  for (let y = 0; y < height; y++) {
    for (let x = 0, row = 0; x < width; x++) {
      row += weights[y * width + x];
      sums[(y + 1) * line + x + 1] = sums[y * line + x + 1] + row;
    }
  }
  let [top, left, bottom, right] = box.map((edge, at) => Math.min(edge, at % 2 ? width : height));
  const above = (/** @type {number} */ y) => sums[y * line + right] - sums[y * line + left];
  const before = (/** @type {number} */ x) => sums[bottom * line + x] - sums[top * line + x];
  for (let round = 0; round < 2; round++) {
    top = best((y) => -above(y), top - reach, Math.min(top + reach, bottom - 1));
    bottom = best(above, Math.max(bottom - reach, top + 1), Math.min(bottom + reach, height));
    left = best((x) => -before(x), left - reach, Math.min(left + reach, right - 1));
    right = best(before, Math.max(right - reach, left + 1), Math.min(right + reach, width));
  }
  return { gain: before(right) - before(left), refined: [top, left, bottom, right] };
}

/** The first place of the greatest value from `first` to `last`. @type {(valueOf: (at: number) => number, first: number, last: number) => number} */
function best(valueOf, first, last) {
  let [place, most] = [Math.max(first, 0), -Infinity];
  for (let at = place; at <= last; at++) if (valueOf(at) > most) [place, most] = [at, valueOf(at)];
  return place;
}

/** Rectangles of one class, with nearly equal sides made equal and nearly aligned middles aligned. @type {(rectangles: Rectangle[], side: number) => Rectangle[]} */
function align(rectangles, side) {
  const across = levelledEdges(rectangles.map(({ left, right }) => [left, right]), side);
  const down = levelledEdges(rectangles.map(({ top, bottom }) => [top, bottom]), side);
  return rectangles.map(({ label }, at) => ({ label, left: across[at][0], top: down[at][0], right: across[at][1], bottom: down[at][1] }));
}

/** @param {number[][]} edges first and last of each @param {number} side */
function levelledEdges(edges, side) {
  const sizes = levelled(edges.map(([first, last]) => last - first), (size) => Math.max(2, NEAR_SIZE * size));
  const middles = levelled(edges.map(([first, last]) => (first + last) / 2), () => NEAR * side);
  return sizes.map((size, at) => {
    const first = rounded(middles[at] - size / 2);
    return [first, first + rounded(size)].map((edge) => Math.min(Math.max(edge, 0), side));
  });
}

/** Values with those that lie within `reach` of the least of them replaced by their median, group by group. @type {(values: number[], reach: (value: number) => number) => number[]} */
function levelled(values, reach) {
  const order = values.map((_, at) => at).sort((one, other) => values[one] - values[other]);
  const result = [...values];
  for (let start = 0, at = 1; at <= order.length; at++) {
    const least = values[order[start]];
    if (at < order.length && values[order[at]] <= least + reach(least)) continue;
    const group = order.slice(start, at);
    const middle = (values[group[(group.length - 1) >> 1]] + values[group[group.length >> 1]]) / 2;
    for (const each of group) result[each] = middle;
    start = at;
  }
  return result;
}

/** To the nearest whole number, halves to the even one, as numpy's rint. @param {number} value */
function rounded(value) {
  const nearest = Math.round(value);
  return nearest - value === 0.5 && nearest % 2 ? nearest - 1 : nearest;
}
