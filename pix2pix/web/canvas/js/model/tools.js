// What each tool does with a drag. `begin` functions take the studio, the point where the drag starts (in drawing
// pixels, fractions allowed) and the held keys {square, copy, reach, near}; they return {move(point, keys)}.

import { acrossAxis, contains, fillRect, floodFill, labelAt, strokeLine } from "./drawing.js";
import { alignedCorner, alignedSides } from "./edges.js";
import { draggedBy, resized } from "./selection.js";

/** The rectangle of all grid cells that a drag from `a` to `b` touches; grid 1 is the pixels themselves. */
export function touchedCells(a, b, grid, square = false) {
  const [left, right] = touchedSpan(a.x, b.x, grid);
  const [top, bottom] = touchedSpan(a.y, b.y, grid);
  const rect = { x: left, y: top, width: right - left, height: bottom - top };
  if (!square) return rect;
  const side = Math.max(rect.width, rect.height);
  if (b.x < a.x) rect.x = right - side;
  if (b.y < a.y) rect.y = bottom - side;
  return { ...rect, width: side, height: side };
}

function touchedSpan(a, b, grid) {
  return [Math.floor(Math.min(a, b) / grid) * grid, (Math.floor(Math.max(a, b) / grid) + 1) * grid];
}

/** The end of a line held to steps of 45 degrees. */
export function straightened(from, to) {
  const step = Math.PI / 4;
  const angle = Math.round(Math.atan2(to.y - from.y, to.x - from.x) / step) * step;
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  return { x: from.x + Math.cos(angle) * length, y: from.y + Math.sin(angle) * length };
}

function rectangle(studio, start) {
  return {
    move(point, keys) {
      studio.restore();
      const drawn = touchedCells(start, point, studio.grid, keys.square);
      const near = keys.square ? 0 : studio.pull(keys);
      const rect = near ? alignedSides(studio.edgesOf(), drawn, near, studio.drawing) : drawn;
      for (const each of studio.withMirror(rect, acrossAxis)) fillRect(studio.drawing, each, studio.label);
      studio.measure(rect);
    },
  };
}

function strokeWith(labelOf) {
  return (studio, start) => {
    let last = start;
    return {
      move(point) {
        stroke(studio, last, point, labelOf(studio));
        last = point;
      },
    };
  };
}

function line(studio, start) {
  const from = studio.snapped(start);
  return {
    move(point, keys) {
      studio.restore();
      const to = keys.square ? straightened(from, point) : studio.snapped(point);
      stroke(studio, from, to, studio.label);
      studio.measure({ width: Math.abs(Math.round(to.x - from.x)), height: Math.abs(Math.round(to.y - from.y)) });
    },
  };
}

function stroke(studio, from, to, label) {
  const across = (point, drawing) => ({ ...point, x: drawing.width - point.x });
  const [starts, ends] = [studio.withMirror(from, across), studio.withMirror(to, across)];
  starts.forEach((each, at) => strokeLine(studio.drawing, each, ends[at], studio.size, label));
}

function fill(studio, start) {
  const across = (point, drawing) => ({ ...point, x: drawing.width - 1 - point.x });
  const pixel = studio.pixelAt(start);
  if (pixel) for (const each of studio.withMirror(pixel, across)) floodFill(studio.drawing, each.x, each.y, studio.label);
  return { move() {} };
}

function pick(studio) {
  return {
    move(point) {
      const pixel = studio.pixelAt(point);
      if (pixel) studio.set({ label: labelAt(studio.drawing, pixel.x, pixel.y) });
    },
  };
}

function select(studio, start, keys) {
  const handle = studio.handleAt(start, keys.reach);
  if (handle) return stretch(studio, handle);
  const pixel = studio.pixelAt(start);
  const inside = studio.selection && pixel && contains(studio.selection, pixel.x, pixel.y);
  return inside ? drag(studio, start, keys) : marquee(studio, start);
}

function marquee(studio, start) {
  let moved = false;
  studio.selectRect(null);
  return {
    move(point, keys) {
      moved ||= Math.hypot(point.x - start.x, point.y - start.y) >= 1;
      if (!moved) return; // a click selects nothing
      studio.selectRect(touchedCells(start, point, studio.grid, keys.square));
      if (studio.selection) studio.measure(studio.selection);
    },
  };
}

function drag(studio, start, keys) {
  const { x, y } = studio.selection;
  /** @type {any} */
  let floating = null;
  return {
    move(point, { near = 0 } = {}) {
      const corner = studio.snappedCorner({ x: x + point.x - start.x, y: y + point.y - start.y });
      if (!floating && corner.x === x && corner.y === y) return;
      floating ??= studio.lifted(keys.copy);
      const pull = studio.pull({ near });
      studio.float(floating, pull ? alignedCorner(studio.edgesOf(floating.base), { ...studio.selection, ...corner }, pull, studio.drawing) : corner);
      studio.measure(studio.selection);
    },
  };
}

function stretch(studio, handle) {
  const rect = studio.selection;
  const { width, height } = studio.drawing;
  /** @type {any} */
  let floating = null;
  return {
    move(point, keys) {
      const corner = studio.snappedCorner({ x: Math.min(Math.max(point.x, -width), 2 * width), y: Math.min(Math.max(point.y, -height), 2 * height) });
      const dragged = draggedBy(handle, rect, corner, keys.square);
      if (!floating && dragged.width === rect.width && dragged.height === rect.height) return;
      floating ??= studio.lifted();
      const pull = keys.square ? 0 : studio.pull(keys);
      const wanted = pull ? alignedSides(studio.edgesOf(floating.base), dragged, pull, studio.drawing) : dragged;
      studio.float(resized(floating, wanted), wanted);
      studio.measure(studio.selection);
    },
  };
}

export const TOOLS = {
  rectangle,
  brush: strokeWith((studio) => studio.label),
  line,
  fill,
  pick,
  eraser: strokeWith((studio) => studio.eraser),
  select,
};
