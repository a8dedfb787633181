// A selected rectangle: lifted from the drawing it floats, so that it can be moved twice without leaving a trail.
// A floating selection is {patch, base}: its own pixels, and the labels of the drawing without it.

import { clipped, cutOut, fillRect, flipped, paste, stretched } from "./drawing.js";

/** Lift the rectangle's pixels; what they leave behind becomes `vacated`, or stays when `copy` is wanted. */
export function lift(drawing, rect, vacated, copy = false) {
  const patch = cutOut(drawing, rect);
  const base = { ...drawing, labels: drawing.labels.slice() };
  if (!copy) fillRect(base, rect, vacated);
  return { patch, base: base.labels };
}

/** Draw a floating selection with its corner at (x, y). */
export function place(drawing, floating, x, y) {
  drawing.labels.set(floating.base);
  paste(drawing, floating.patch, x, y);
}

/** The same selection stretched to another size. */
export const resized = (floating, { width, height }) => ({ ...floating, patch: stretched(floating.patch, width, height) });

/** Places of a handle: shares of the selection's sides. */
const HANDLES = [[0, 0], [0.5, 0], [1, 0], [0, 0.5], [1, 0.5], [0, 1], [0.5, 1], [1, 1]];

/**
 * The handles of a selection as {x, y, across, down}; `reach` is how near, in drawing pixels, a pointer takes one. A
 * selection too small for them has none, so that it can still be moved.
 */
export function handlesOf({ x, y, width, height }, reach) {
  if (Math.min(width, height) < 4 * reach) return [];
  const room = (share, side) => share !== 0.5 || side >= 8 * reach;
  return HANDLES.filter(([across, down]) => room(across, width) && room(down, height)).map(([across, down]) => ({ x: x + across * width, y: y + down * height, across, down }));
}

/** The rectangle after a handle was dragged to (x, y); at least one pixel of it stays. */
export function draggedBy({ across, down }, rect, point, square = false) {
  const [left, width] = draggedSide(across, rect.x, rect.width, point.x);
  const [top, height] = draggedSide(down, rect.y, rect.height, point.y);
  if (!square || across === 0.5 || down === 0.5) return { x: left, y: top, width, height };
  const scale = Math.max(width / rect.width, height / rect.height); // in its own proportions
  const [wide, high] = [Math.max(1, Math.round(rect.width * scale)), Math.max(1, Math.round(rect.height * scale))];
  return { x: across ? left : rect.x + rect.width - wide, y: down ? top : rect.y + rect.height - high, width: wide, height: high };
}

function draggedSide(share, start, length, to) {
  if (share === 0.5) return [start, length];
  const end = start + length;
  return share ? [start, Math.max(1, to - start)] : [Math.min(to, end - 1), Math.max(1, end - to)];
}

export const mirrored = (floating) => ({ ...floating, patch: flipped(floating.patch) });

const STEPS = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] };

/** Corners of the copies beside `rect` in a direction: `count` of them, or (null) as many as fit wholly. */
export function copiesBeside(rect, direction, count, gap, drawing) {
  const [across, down] = STEPS[direction];
  const stepX = across * (rect.width + gap);
  const stepY = down * (rect.height + gap);
  const corners = [];
  for (let number = 1; count === null || number <= count; number++) {
    const corner = { x: rect.x + number * stepX, y: rect.y + number * stepY };
    const visible = clipped({ ...rect, ...corner }, drawing);
    const whole = visible.width === rect.width && visible.height === rect.height;
    if (count === null ? !whole : !visible.width || !visible.height) break;
    corners.push(corner);
  }
  return corners;
}

/** The smallest rectangle around copies of `rect` at these corners, and itself. */
export function around(rect, corners) {
  const xs = [rect.x, ...corners.map((corner) => corner.x)];
  const ys = [rect.y, ...corners.map((corner) => corner.y)];
  const x = Math.min(...xs);
  const y = Math.min(...ys);
  return { x, y, width: Math.max(...xs) - x + rect.width, height: Math.max(...ys) - y + rect.height };
}
