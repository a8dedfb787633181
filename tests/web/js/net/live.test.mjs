import assert from "node:assert/strict";
import test from "node:test";

import { Live } from "../../../../pix2pix/web/canvas/js/net/live.js";
import { RequestRejected } from "../../../../pix2pix/web/canvas/js/net/server.js";

/** A live loop on a server that answers when told to. */
function setUp() {
  const log = { sent: [], shown: [], said: [] };
  const page = { state: 0, waiting: [] };
  const live = new Live({
    describe: () => page.state,
    generate: (state) => new Promise((resolve, reject) => {
      log.sent.push(state);
      page.waiting.push({ answer: () => resolve(state), fail: reject });
    }),
    show: (picture) => log.shown.push(picture),
    say: (state) => log.said.push(state),
  });
  return { live, log, page };
}
const settle = () => new Promise((resolve) => setTimeout(resolve));

test("one request is under way however many changes come, and the last state arrives", async () => {
  const { live, log, page } = setUp();
  for (page.state = 1; page.state < 50; page.state++) live.request();
  page.state = 50;
  live.request();
  page.waiting.shift().answer();
  await settle();
  page.waiting.shift().answer();
  await settle();
  assert.deepEqual(log.sent, [1, 50]);
  assert.deepEqual(log.shown, [1, 50]);
  assert.equal(page.waiting.length, 0);
});

test("a lost connection is tried again until the newest state is painted", async () => {
  const { live, log, page } = setUp();
  live.request();
  page.waiting.shift().fail(new TypeError("Failed to fetch"));
  await settle();
  assert.equal(log.said.at(-1), "reconnecting");
  page.state = 7;
  live.request();
  live.retryNow();
  await settle();
  page.waiting.shift().answer();
  await settle();
  assert.deepEqual(log.shown, [7]);
  assert.equal(log.said.at(-1), "live");
});

test("a refusal for good is told and not repeated; the next change is tried", async () => {
  const { live, log, page } = setUp();
  live.request();
  page.waiting.shift().fail(new RequestRejected("no such model", false));
  await settle();
  assert.equal(log.said.at(-1), "failed");
  assert.equal(page.waiting.length, 0);
  live.request();
  await settle();
  page.waiting.shift().answer();
  await settle();
  assert.equal(log.said.at(-1), "live");
});

test("a state that is painted already is not painted again", async () => {
  const { live, log, page } = setUp();
  live.request();
  page.waiting.shift().answer();
  await settle();
  live.request();
  await settle();
  assert.deepEqual(log.sent, [0]);
  page.state = 1;
  live.request();
  assert.deepEqual(log.sent, [0, 1]);
});
