// A selected rectangle: lifted from the drawing it floats, so that it can be moved twice without leaving a trail.
// A floating selection is {patch, base}: its own pixels, and the labels of the drawing without it.

import { clipped, cutOut, fillRect, flipped, paste } from "./drawing.js";

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
