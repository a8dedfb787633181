import assert from "node:assert/strict";
import test from "node:test";

import { Studio } from "../../../../pix2pix/web/canvas/js/model/studio.js";

const studioOf = (settings = {}) => {
  const studio = new Studio({ width: 64, height: 64, wall: 1, label: 2 });
  studio.set(settings);
  return studio;
};
const drag = (studio, x0, y0, x1, y1, keys = {}) => {
  studio.begin({ x: x0, y: y0 }, keys);
  studio.move({ x: x1, y: y1 }, keys);
  studio.end();
};
const count = (studio, label) => studio.drawing.labels.filter((each) => each === label).length;

test("150 strokes can be undone and redone one by one", () => {
  const studio = studioOf();
  for (let at = 0; at < 150; at++) drag(studio, at % 64, Math.floor(at / 64), at % 64, Math.floor(at / 64));
  assert.equal(count(studio, 2), 150);
  for (let at = 0; at < 150; at++) studio.undo();
  assert.equal(count(studio, 2), 0);
  for (let at = 0; at < 150; at++) studio.redo();
  assert.equal(count(studio, 2), 150);
});

test("a thousand undos stop at the beginning and a redo still works", () => {
  const studio = studioOf();
  drag(studio, 1, 1, 9, 9);
  for (let at = 0; at < 1000; at++) studio.undo();
  assert.equal(count(studio, 2), 0);
  studio.redo();
  assert.equal(count(studio, 2), 81);
});

test("a stroke after an undo ends the redo", () => {
  const studio = studioOf();
  drag(studio, 1, 1, 9, 9);
  studio.undo();
  drag(studio, 20, 20, 20, 20);
  studio.redo();
  assert.equal(count(studio, 2), 1);
});

test("undo goes through loading and clearing, and brings the example back", () => {
  const studio = studioOf();
  studio.load(new Uint8Array(64 * 64).fill(3), 5);
  studio.clear();
  assert.deepEqual([count(studio, 1), studio.origin], [64 * 64, null]);
  studio.undo();
  assert.deepEqual([count(studio, 3), studio.origin], [64 * 64, 5]);
});

test("a drag that changes nothing is no step of the history", () => {
  const studio = studioOf({ label: 1 });
  drag(studio, 1, 1, 9, 9);
  assert.equal(studio.history.canUndo, false);
});

test("cancelling a drag of a selection puts it back", () => {
  const studio = studioOf();
  drag(studio, 4, 4, 11, 11);
  studio.set({ tool: "select" });
  drag(studio, 4, 4, 11, 11);
  studio.begin({ x: 6, y: 6 });
  studio.move({ x: 40, y: 40 });
  studio.cancel();
  assert.deepEqual(studio.selection, { x: 4, y: 4, width: 8, height: 8 });
  assert.equal(studio.drawing.labels[4 * 64 + 4], 2);
  assert.equal(count(studio, 2), 64);
});

test("a click with the selection tool selects nothing", () => {
  const studio = studioOf({ tool: "select" });
  drag(studio, 10, 10, 10.2, 10.2);
  assert.equal(studio.selection, null);
});

test("a floating selection taken up again after undo still lies on the drawing", () => {
  const studio = studioOf();
  drag(studio, 0, 0, 7, 7);
  studio.set({ tool: "select" });
  drag(studio, 0, 0, 7, 7);
  studio.nudge(-4, 0);
  studio.duplicate();
  studio.undo();
  studio.nudge(8, 0);
  assert.equal(studio.drawing.labels.length, 64 * 64);
  assert.deepEqual(studio.selection, { x: 8, y: 0, width: 4, height: 8 });
});

test("equal pixels have equal revisions: after a drag in place, a drag back, cancelling, undo and redo", () => {
  const studio = studioOf();
  const first = studio.revision;
  drag(studio, 1, 1, 9, 9);
  const second = studio.revision;
  assert.notEqual(second, first);
  drag(studio, 2, 2, 8, 8); // on pixels of its own class
  assert.equal(studio.revision, second);
  studio.begin({ x: 20, y: 20 });
  assert.notEqual(studio.revision, second);
  studio.cancel();
  assert.equal(studio.revision, second);
  studio.undo();
  assert.equal(studio.revision, first);
  studio.redo();
  assert.equal(studio.revision, second);
  studio.load(new Uint8Array(64 * 64).fill(1));
  studio.undo();
  assert.deepEqual([studio.revision, studio.history.canRedo], [second, true]);
});

test("nudges that end where they began are no step when repeated, and keep their revision", () => {
  const studio = studioOf();
  drag(studio, 8, 8, 15, 15);
  studio.set({ tool: "select" });
  drag(studio, 8, 8, 15, 15);
  const before = studio.revision;
  studio.nudge(1, 0);
  assert.notEqual(studio.revision, before);
  studio.nudge(-1, 0);
  studio.undo();
  assert.equal(studio.revision, before);
});

test("the snapshot of a revision stays as it was while painting goes on", () => {
  const studio = studioOf();
  drag(studio, 1, 1, 9, 9);
  const { snapshot } = studio;
  const kept = snapshot.slice();
  assert.deepEqual(snapshot, studio.drawing.labels);
  drag(studio, 20, 20, 30, 30);
  assert.deepEqual(snapshot, kept);
  assert.deepEqual(studio.snapshot, studio.drawing.labels);
});

test("listeners hear of pixels and of steps apart", () => {
  const studio = studioOf();
  const heard = [];
  studio.subscribe((change) => heard.push(change));
  studio.set({ label: 3 });
  drag(studio, 1, 1, 2, 2);
  assert.deepEqual(heard[0], { painted: false, committed: false });
  assert.deepEqual(heard.at(-1), { painted: true, committed: true });
});
