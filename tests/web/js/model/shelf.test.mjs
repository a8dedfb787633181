import assert from "node:assert/strict";
import test from "node:test";

import { encodeRuns } from "../../../../pix2pix/web/canvas/js/model/runs.js";
import { FORMAT, Shelf } from "../../../../pix2pix/web/canvas/js/model/shelf.js";
import { Studio } from "../../../../pix2pix/web/canvas/js/model/studio.js";

const SIZE = 64;
const drawing = encodeRuns(new Uint8Array(SIZE).fill(3));
const kept = (id, more = {}) => ({ id, name: "Drawing", drawing, settings: { variation: 4, wall: "#c99a54", sky: null, style: "brick" }, thumbnail: "", changed: 1, ...more });
const forbidden = { open: () => { throw new Error("not in a private window"); } };

test("where nothing may be kept the shelf works for as long as the page, and says so", async () => {
  const shelf = new Shelf(forbidden);
  await shelf.open();
  assert.equal(await shelf.put(kept("a")), false);
  assert.equal(shelf.lasting, false);
  assert.deepEqual(shelf.listed.map(({ id }) => id), ["a"]);
  assert.equal(shelf.freeName("Drawing"), "Drawing 2");
});

test("what is exported comes back, under names of its own", async () => {
  const shelf = new Shelf(forbidden);
  await shelf.open();
  await shelf.put(kept("a"));
  const answer = await shelf.add(shelf.exported(), SIZE, 12);
  assert.deepEqual(answer, { added: 1, refused: 0 });
  assert.deepEqual(shelf.listed.map(({ name }) => name).sort(), ["Drawing", "Drawing 2"]);
  assert.equal(new Set(shelf.listed.map(({ drawing: runs }) => runs)).size, 1);
});

test("a file from elsewhere, cut or with broken drawings is refused, or its whole ones are taken", async () => {
  const shelf = new Shelf(forbidden);
  await shelf.open();
  await shelf.put(kept("a"));
  for (const text of ["", "[]", "{}", "null", shelf.exported().slice(0, -9)]) {
    await assert.rejects(shelf.add(text, SIZE, 12), /not a file of drawings/);
  }
  const drawings = [kept("b"), kept("c", { drawing: "AAAA" }), kept("d", { drawing: 7 }), null, kept("e", { name: "<b>", thumbnail: "javascript:1", settings: { wall: "red", variation: 1e9 } })];
  const answer = await shelf.add(JSON.stringify({ format: FORMAT, drawings }), SIZE, 12);
  assert.deepEqual(answer, { added: 2, refused: 3 });
  const odd = shelf.listed.find(({ name }) => name === "<b>");
  assert.deepEqual([odd.thumbnail, odd.settings], ["", { variation: null, wall: null, sky: null, style: null }]);
});

test("each load begins another drawing, and undo returns to the one before", () => {
  const studio = new Studio({ width: 8, height: 8, wall: 1, label: 2 });
  const strokes = [];
  studio.subscribe(({ committed }) => committed && strokes.push([studio.document, studio.stroked]));
  studio.begin({ x: 1, y: 1 });
  studio.end();
  studio.load(new Uint8Array(64).fill(5));
  studio.begin({ x: 1, y: 1 });
  studio.end();
  studio.undo();
  studio.undo();
  assert.deepEqual(strokes, [[0, true], [1, false], [1, true], [1, false], [0, false]]);
});
