// Where the edges of what is drawn lie, so that a drag can show with which of them it is in line.

/** @import { Drawing, Rect } from "./drawing.js" */

/**
 * @typedef {{xs: Set<number>, ys: Set<number>}} Edges places between pixels: x lies left of column x, y above row y
 * @typedef {{xs: number[], ys: number[]}} Guides
 */

const LEAST = 6; // pixels that an edge is long, so that dots and diagonals have none

/** The edges of a drawing. @type {(drawing: Drawing, labels: Uint8Array) => Edges} */
export function edgesOf({ width, height }, labels) {
  const across = new Uint16Array(width + 1);
  const down = new Uint16Array(height + 1);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (x && labels[at] !== labels[at - 1]) across[x]++;
      if (y && labels[at] !== labels[at - width]) down[y]++;
    }
  }
  const long = (/** @type {Uint16Array} */ counts) => new Set([...counts.keys()].filter((place) => counts[place] >= LEAST));
  return { xs: long(across), ys: long(down) };
}

/** The sides of a rectangle that are in line with edges, and the middle of the drawing where it is centred. @type {(edges: Edges, rect: Rect, drawing: Drawing) => Guides} */
export function guidesOf(edges, { x, y, width, height }, drawing) {
  const middle = 2 * x + width === drawing.width ? [drawing.width / 2] : [];
  return { xs: [...[x, x + width].filter((place) => edges.xs.has(place)), ...middle], ys: [y, y + height].filter((place) => edges.ys.has(place)) };
}

/** The nearest edge within `near` pixels of a place, null where there is none; the borders of the drawing are edges, too. @param {Set<number>} edges @param {number} place @param {number} near @param {number} border */
function pulled(edges, place, near, border) {
  for (let far = 0; far <= near; far++) for (const at of [place - far, place + far]) if (edges.has(at) || at === 0 || at === border) return at;
  return null;
}

/**
 * A rectangle whose sides are pulled to edges within `near` pixels, each on its own; one too small for that stays.
 * @type {(edges: Edges, rect: Rect, near: number, drawing: {width: number, height: number}) => Rect}
 */
export function alignedSides(edges, rect, near, drawing) {
  const side = (/** @type {Set<number>} */ among, /** @type {number} */ start, /** @type {number} */ length, /** @type {number} */ border) => {
    if (length < 4 * near) return [start, length];
    const [from, to] = [start, start + length].map((place) => pulled(among, place, near, border) ?? place);
    return [from, to - from];
  };
  const [x, width] = side(edges.xs, rect.x, rect.width, drawing.width);
  const [y, height] = side(edges.ys, rect.y, rect.height, drawing.height);
  return { x, y, width, height };
}

/** A rectangle moved as a whole, so that a side of it lies on an edge within `near` pixels. @type {(edges: Edges, rect: Rect, near: number, drawing: {width: number, height: number}) => {x: number, y: number}} */
export function alignedCorner(edges, { x, y, width, height }, near, drawing) {
  const moved = (/** @type {Set<number>} */ among, /** @type {number} */ start, /** @type {number} */ length, /** @type {number} */ border) => {
    const ways = [start, start + length].map((place) => (pulled(among, place, near, border) ?? NaN) - place).filter((way) => !Number.isNaN(way));
    return start + (ways.sort((one, other) => Math.abs(one) - Math.abs(other))[0] ?? 0); // one that lies on an edge stays there
  };
  return { x: moved(edges.xs, x, width, drawing.width), y: moved(edges.ys, y, height, drawing.height) };
}

/** The smallest rectangle around the area of one class that holds (x, y). @type {(drawing: Drawing, x: number, y: number) => Rect} */
export function areaAt({ width, height, labels }, x, y) {
  const label = labels[y * width + x];
  const seen = new Uint8Array(labels.length);
  const next = [y * width + x];
  seen[next[0]] = 1;
  let [left, top, right, bottom] = [x, y, x, y];
  for (let at = next.pop(); at !== undefined; at = next.pop()) {
    const [column, row] = [at % width, Math.floor(at / width)];
    [left, top, right, bottom] = [Math.min(left, column), Math.min(top, row), Math.max(right, column), Math.max(bottom, row)];
    for (const [beside, there] of [[at - 1, column > 0], [at + 1, column < width - 1], [at - width, row > 0], [at + width, row < height - 1]]) {
      if (!there || seen[Number(beside)] || labels[Number(beside)] !== label) continue;
      seen[Number(beside)] = 1;
      next.push(Number(beside));
    }
  }
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}
