import assert from "node:assert/strict";
import test from "node:test";

import { ACTIONS, actionOf, actions } from "../../../../pix2pix/web/canvas/js/view/actions.js";

test("no key stands for two actions, nor for an action and a class", () => {
  const keys = Object.values(ACTIONS).flatMap((action) => action.keys ?? []);
  assert.deepEqual(keys.filter((key, at) => keys.indexOf(key) !== at), []);
  assert.deepEqual(keys.filter((key) => "1234567890-=".includes(key)), []);
});

test("an event finds its action by key and modifiers, Ctrl and Command alike", () => {
  assert.equal(actionOf({ key: "Z", ctrlKey: true, shiftKey: true }), "redo");
  assert.equal(actionOf({ key: "z", metaKey: true }), "undo");
  assert.equal(actionOf({ key: "R", shiftKey: true }), "rectangle");
  assert.equal(actionOf({ key: "r", ctrlKey: true }), undefined);
  assert.equal(actionOf({ key: "ArrowLeft", ctrlKey: true }), "repeat-left");
});

test("an action that fails says so, and one that is held begins and ends", async () => {
  const told = [];
  const page = {
    tell: (text) => told.push(text),
    sources: { random: () => Promise.reject(Object.assign(new Error("no facade"), { again: false })) },
    pictures: { compare: (on) => told.push(on) },
  };
  const act = actions(page);
  await act("random");
  await act("compare");
  await act("compare", false);
  assert.deepEqual(told, ["No facade.", true, false]);
});
