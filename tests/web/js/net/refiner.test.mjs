import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Refiner } from "../../../../pix2pix/web/canvas/js/net/refiner.js";
import { RequestRejected } from "../../../../pix2pix/web/canvas/js/net/server.js";

const RESTED = 120; // milliseconds
const settle = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

/** A refiner on a server that answers when told to; states are {drawing, model}. */
function setUp() {
  const log = { asked: [], shown: [], said: [], stopped: [] };
  const page = { state: { drawing: 0, model: "best" }, waiting: [] };
  const refiner = new Refiner({
    describe: () => ({ ...page.state }),
    same: (one, other) => one.drawing === other.drawing && one.model === other.model,
    paint: (state, signal) => new Promise((resolve, reject) => {
      log.asked.push(state.drawing);
      signal.addEventListener("abort", () => log.stopped.push(state.drawing) && reject(signal.reason));
      page.waiting.push({ answer: (took) => resolve({ picture: state.drawing, took }), fail: reject });
    }),
    show: ({ picture }) => log.shown.push(picture),
    say: (condition) => log.said.push(condition),
  });
  const draw = (drawing) => {
    page.state.drawing = drawing;
    refiner.changed();
  };
  const rest = () => {
    refiner.rest({ ...page.state });
    mock.timers.tick(RESTED);
  };
  const refined = async (drawing, took) => {
    draw(drawing);
    rest();
    page.waiting.at(-1)?.answer(took);
    await settle();
  };
  return { refiner, log, page, draw, rest, refined };
}

test("a drawing is refined once it has rested, and only once", async () => {
  const { refiner, log, page } = setUp();
  refiner.rest({ ...page.state });
  mock.timers.tick(RESTED - 1);
  assert.deepEqual(log.asked, []);
  mock.timers.tick(1);
  page.waiting.shift().answer(100);
  await settle();
  refiner.changed();
  refiner.rest({ ...page.state });
  mock.timers.tick(RESTED);
  assert.deepEqual([log.asked, log.shown], [[0], [0]]);
});

test("a change before it has rested asks for nothing; one while it is refined gives that up", async () => {
  const { log, page, draw, rest } = setUp();
  rest();
  draw(1);
  assert.deepEqual(log.stopped, [0]);
  page.waiting.shift().answer(100); // the answer was on its way already
  await settle();
  assert.deepEqual(log.shown, []);
  rest();
  page.waiting.shift().answer(100);
  await settle();
  assert.deepEqual(log.shown, [1]);
});

test("lifting the pointer where it lies is no change", () => {
  const { refiner, log, rest } = setUp();
  rest();
  refiner.changed();
  assert.deepEqual(log.stopped, []);
});

test("a model is called too slow by its median, not by its first pictures", async () => {
  const { refiner, log, page, refined } = setUp();
  await refined(1, 9000);
  await refined(2, 100);
  await refined(3, 100);
  assert.equal(refiner.tooSlow(page.state), false);
  for (const drawing of [4, 5]) await refined(drawing, 2000);
  assert.deepEqual(log.said, ["live only"]);
  await refined(6, 2000);
  assert.deepEqual(log.asked, [1, 2, 3, 4, 5]);
  assert.equal(refiner.tooSlow({ ...page.state, model: "another" }), false);
});

test("what is too slow is refined when asked for, and by itself again once that is quick", async () => {
  const { refiner, log, page, refined } = setUp();
  for (const drawing of [1, 2, 3]) await refined(drawing, 2000);
  for (const drawing of [4, 5, 6]) {
    page.state.drawing = drawing;
    refiner.ask();
    mock.timers.tick(0);
    page.waiting.at(-1).answer(100);
    await settle();
  }
  assert.deepEqual(log.shown, [1, 2, 3, 4, 5, 6]);
  assert.equal(refiner.tooSlow(page.state), false);
});

test("a picture that came another way is shown, unless the drawing has changed or it is refined already", async () => {
  const { refiner, log, page, draw, refined } = setUp();
  const old = { ...page.state };
  draw(1);
  refiner.offer(old, { picture: "old", took: 100 }, 100);
  refiner.offer({ ...page.state }, { picture: "saved", took: 100 }, 100);
  refiner.offer({ ...page.state }, { picture: "again", took: 100 }, 100);
  assert.deepEqual(log.shown, ["saved"]);
  await refined(2, 100);
  refiner.offer({ ...page.state }, { picture: "again", took: 100 }, 100);
  assert.deepEqual(log.shown, ["saved", 2]);
});

test("a lost connection is tried again; a refusal for good is told", async () => {
  const { log, page, rest } = setUp();
  rest();
  page.waiting.shift().fail(new TypeError("Failed to fetch"));
  await settle();
  mock.timers.tick(4000);
  assert.deepEqual(log.asked, [0, 0]);
  page.waiting.shift().fail(new RequestRejected("it does not load", false));
  await settle();
  mock.timers.tick(60_000);
  assert.deepEqual([log.asked, log.said], [[0, 0], ["failed"]]);
});
