import assert from "node:assert/strict";
import test from "node:test";

import { acrossAxis, blank, clipped, cutOut, fillRect, flipped, floodFill, paste, sharesOf, strokeLine } from "../../../../pix2pix/web/canvas/js/model/drawing.js";

const rows = ({ width, height, labels }) => Array.from({ length: height }, (_, y) => labels.slice(y * width, (y + 1) * width).join(""));

test("a rectangle is clipped to the drawing", () => {
  const drawing = blank(4, 3, 0);
  fillRect(drawing, { x: 2, y: -1, width: 9, height: 2 }, 5);
  assert.deepEqual(rows(drawing), ["0055", "0000", "0000"]);
  assert.deepEqual(clipped({ x: 9, y: 9, width: 3, height: 3 }, drawing), { x: 4, y: 3, width: 0, height: 0 });
});

test("filling passes edges but not corners", () => {
  const drawing = blank(4, 4, 0);
  for (const [x, y] of [[2, 0], [1, 1], [0, 2]]) drawing.labels[y * 4 + x] = 1;
  floodFill(drawing, 0, 0, 7);
  assert.deepEqual(rows(drawing), ["7710", "7100", "1000", "0000"]);
});

test("filling reaches every pixel of a spiral", () => {
  const drawing = blank(7, 7, 1);
  const path = [[0, 0, 7, 1], [6, 0, 1, 7], [0, 6, 7, 1], [0, 2, 1, 5], [0, 2, 5, 1], [4, 2, 1, 3], [2, 4, 3, 1]];
  for (const [x, y, width, height] of path) fillRect(drawing, { x, y, width, height }, 0);
  floodFill(drawing, 2, 4, 9);
  assert.ok(!drawing.labels.includes(0));
  assert.ok(drawing.labels.includes(1));
});

test("filling an area with its own class changes nothing", () => {
  const drawing = blank(3, 3, 4);
  floodFill(drawing, 1, 1, 4);
  assert.deepEqual(rows(drawing), ["444", "444", "444"]);
});

test("a one-pixel stroke is a connected line", () => {
  const drawing = blank(20, 20, 0);
  strokeLine(drawing, { x: 1.5, y: 2.5 }, { x: 18.5, y: 9.5 }, 1, 1);
  const columns = Array.from({ length: 20 }, (_, x) => rows(drawing).some((row) => row[x] === "1"));
  assert.deepEqual(columns.lastIndexOf(true) - columns.indexOf(true) + 1, columns.filter(Boolean).length);
  assert.ok(columns.filter(Boolean).length >= 18);
});

test("a stamp of an even size is symmetric", () => {
  const drawing = blank(12, 12, 0);
  strokeLine(drawing, { x: 6, y: 6 }, { x: 6, y: 6 }, 8, 1);
  assert.deepEqual(rows(drawing), rows(flipped(drawing)));
  assert.deepEqual(rows(drawing), rows(drawing).reverse());
});

test("what is cut out can be pasted over the edge", () => {
  const drawing = blank(4, 2, 0);
  drawing.labels.set([1, 2, 3, 4]);
  const patch = cutOut(drawing, { x: 1, y: 0, width: 2, height: 1 });
  paste(drawing, patch, 3, 1);
  paste(drawing, patch, -1, 1);
  assert.deepEqual(rows(drawing), ["1234", "3002"]);
});

test("mirroring twice is where it began", () => {
  const rect = { x: 3, y: 1, width: 5, height: 2 };
  const drawing = blank(20, 20, 0);
  assert.deepEqual(acrossAxis(acrossAxis(rect, drawing), drawing), rect);
  assert.equal(acrossAxis(rect, drawing).x, 12);
});

test("shares add up to one", () => {
  const drawing = blank(10, 10, 1);
  fillRect(drawing, { x: 0, y: 0, width: 5, height: 5 }, 2);
  assert.deepEqual(sharesOf(drawing, 4), [0, 0.75, 0.25, 0]);
});
