import assert from "node:assert/strict";
import test from "node:test";

import { pieceIn, textOf } from "../../../../pix2pix/web/canvas/js/model/clipboard.js";
import { blank, fillRect } from "../../../../pix2pix/web/canvas/js/model/drawing.js";
import { alignedCorner, alignedSides, areaAt, edgesOf, guidesOf } from "../../../../pix2pix/web/canvas/js/model/edges.js";
import { draggedBy, handlesOf } from "../../../../pix2pix/web/canvas/js/model/selection.js";
import { Studio } from "../../../../pix2pix/web/canvas/js/model/studio.js";
import { Zoom } from "../../../../pix2pix/web/canvas/js/model/zoom.js";

const RECT = { x: 10, y: 20, width: 16, height: 12 };
const withWindow = () => {
  const drawing = blank(64, 64, 1);
  fillRect(drawing, RECT, 2);
  return drawing;
};

test("a piece of a drawing travels as text, and any other text is none", () => {
  const patch = blank(5, 3, 4);
  const text = textOf({ patch, x: 7, y: 9 });
  assert.deepEqual(pieceIn(text, { width: 64, height: 64 }, 12), { patch, x: 7, y: 9 });
  assert.equal(pieceIn(text, { width: 4, height: 64 }, 12), null, "too large");
  assert.equal(pieceIn(text, { width: 64, height: 64 }, 4), null, "of other classes");
  for (const other of ["", "hello", text.slice(0, -5), text.replace("5,3", "5,4")]) {
    assert.equal(pieceIn(other, { width: 64, height: 64 }, 12), null);
  }
});

test("a rectangle is in line with the edges of what is drawn, and with the middle", () => {
  const drawing = withWindow();
  const edges = edgesOf(drawing, drawing.labels);
  assert.deepEqual(guidesOf(edges, { x: 10, y: 40, width: 5, height: 5 }, drawing), { xs: [10], ys: [] });
  assert.deepEqual(guidesOf(edges, { x: 26, y: 32, width: 9, height: 5 }, drawing), { xs: [26], ys: [32] });
  assert.deepEqual(guidesOf(edges, { x: 30, y: 50, width: 4, height: 5 }, drawing), { xs: [32], ys: [] });
});

test("edges pull the sides of what is dragged, and a moved piece as a whole", () => {
  const drawing = withWindow(); // edges at 10 and 26, 20 and 32
  const edges = edgesOf(drawing, drawing.labels);
  assert.deepEqual(alignedSides(edges, { x: 11, y: 40, width: 16, height: 8 }, 1, drawing), { x: 10, y: 40, width: 16, height: 8 });
  assert.deepEqual(alignedSides(edges, { x: 8, y: 40, width: 20, height: 8 }, 1, drawing), { x: 8, y: 40, width: 20, height: 8 }, "two pixels are meant");
  assert.deepEqual(alignedSides(edges, { x: 11, y: 40, width: 1, height: 8 }, 1, drawing), { x: 11, y: 40, width: 1, height: 8 }, "a dot stays");
  assert.deepEqual(alignedCorner(edges, { x: 11, y: 40, width: 5, height: 5 }, 1, drawing), { x: 10, y: 40 });
  assert.deepEqual(alignedCorner(edges, { x: 20, y: 34, width: 5, height: 5 }, 2, drawing), { x: 21, y: 32 });
  assert.deepEqual(alignedSides(edges, { x: 2, y: 40, width: 61, height: 8 }, 2, drawing), { x: 0, y: 40, width: 64, height: 8 }, "the borders, too");
  assert.deepEqual(alignedCorner(edges, { x: 10, y: 50, width: 15, height: 5 }, 2, drawing), { x: 10, y: 50 }, "in line already");
  assert.deepEqual(alignedCorner(edges, { x: 40, y: 50, width: 5, height: 5 }, 2, drawing), { x: 40, y: 50 });
});

test("a drag is pulled where its pointer allows, not beside a grid, and never into what cannot be", () => {
  const paint = (/** @type {any} */ keys, settings = {}) => {
    const studio = new Studio({ width: 64, height: 64, wall: 1, label: 3, start: { labels: withWindow().labels, origin: null } });
    studio.set(settings);
    studio.begin({ x: 11.5, y: 40.5 }, keys);
    studio.move({ x: 24.5, y: 50.5 }, keys);
    const { guides } = studio;
    studio.end();
    return [areaAt(studio.drawing, 15, 45), guides];
  };
  assert.deepEqual(paint({ near: 1 }), [{ x: 10, y: 40, width: 16, height: 11 }, { xs: [10, 26], ys: [] }]);
  assert.deepEqual(paint({ near: 0 })[0], { x: 11, y: 40, width: 14, height: 11 });
  assert.deepEqual(paint({ near: 1 }, { grid: 4 })[0], { x: 8, y: 40, width: 20, height: 12 });
});

test("the area at a point is found whole", () => {
  assert.deepEqual(areaAt(withWindow(), 12, 25), RECT);
  assert.deepEqual(areaAt(withWindow(), 0, 0), { x: 0, y: 0, width: 64, height: 64 });
});

test("handles stretch to where they are dragged, never to nothing, in proportion when asked", () => {
  const corners = handlesOf(RECT, 1);
  assert.equal(corners.length, 8);
  assert.deepEqual(handlesOf(RECT, 4), [], "too small on the screen");
  const last = corners.at(-1);
  assert.deepEqual(draggedBy(last, RECT, { x: 42, y: 50 }), { x: 10, y: 20, width: 32, height: 30 });
  assert.deepEqual(draggedBy(last, RECT, { x: 0, y: 0 }), { x: 10, y: 20, width: 1, height: 1 });
  assert.deepEqual(draggedBy(last, RECT, { x: 42, y: 21 }, true), { x: 10, y: 20, width: 32, height: 24 });
  assert.deepEqual(draggedBy(corners[0], RECT, { x: 4, y: 24 }), { x: 4, y: 24, width: 22, height: 8 });
});

test("a stretched selection is one step of undo and brings no new class", () => {
  const studio = new Studio({ width: 64, height: 64, wall: 1, label: 2, start: { labels: withWindow().labels, origin: null } });
  studio.selectArea({ x: 12, y: 25 });
  studio.begin({ x: 26, y: 32 }, { reach: 1 });
  studio.move({ x: 42, y: 44 });
  studio.end();
  assert.deepEqual(studio.selection, { x: 10, y: 20, width: 32, height: 24 });
  assert.equal(studio.drawing.labels.filter((label) => label === 2).length, 32 * 24);
  studio.undo();
  assert.deepEqual([...studio.drawing.labels], [...withWindow().labels]);
});

test("picking returns to the tool before", () => {
  const studio = new Studio({ width: 64, height: 64, wall: 1, label: 3, start: { labels: withWindow().labels, origin: null } });
  studio.set({ tool: "brush" });
  studio.set({ tool: "pick" });
  studio.begin({ x: 12, y: 25 });
  studio.end();
  assert.equal(studio.settings.tool, "brush");
  assert.equal(studio.label, 2);
});

test("zooming holds a point still, and never shows what lies outside", () => {
  const zoom = new Zoom({ width: 64, height: 64 });
  zoom.by(4, 0.25, 0.5);
  assert.deepEqual(zoom.pointAt(0.25, 0.5), { x: 16, y: 32 });
  zoom.pan(9, -9);
  assert.deepEqual([zoom.left, zoom.top], [0, 48]);
  zoom.by(0.001);
  assert.deepEqual([zoom.scale, zoom.left, zoom.top], [1, 0, 0]);
  zoom.by(100);
  assert.equal(zoom.scale, 8);
  assert.equal(zoom.canGrow, false);
});
