import assert from "node:assert/strict";
import test from "node:test";

import { Quicker } from "../../../../pix2pix/web/canvas/js/net/quicker.js";
import { RequestRejected } from "../../../../pix2pix/web/canvas/js/net/server.js";

const LIVE = { model: "live", format: "shown" };

/** Who paints in no time, on a clock that the picture moves on by `takes`; `fails` is thrown instead. */
function painterOf(name, page) {
  const painter = { takes: 100, fails: null, painted: 0, ended: 0, has: (model) => model === "live", end: () => painter.ended++ };
  painter.generate = async (job, signal) => {
    signal?.throwIfAborted();
    if (painter.fails) throw painter.fails;
    page.now += painter.takes;
    painter.painted++;
    return { picture: name, took: painter.takes };
  };
  return painter;
}

function setUp(options = {}) {
  const page = { now: 0, opened: 0, told: [] };
  const server = painterOf("by the server", page);
  const browser = painterOf("in the browser", page);
  browser.takes = 20;
  const open = async () => (page.opened++, browser);
  const quicker = new Quicker({
    server, models: ["live"], open, tell: (message) => page.told.push(message), mayFetch: () => true, pause: 1, clock: () => page.now, ...options,
  });
  const paint = async (times, job = LIVE) => {
    let answer;
    for (let at = 0; at < times; at++) answer = await quicker.generate(job);
    return answer.by ?? "server alone";
  };
  return { page, server, browser, quicker, paint };
}
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

test("the server paints first; where it is slow, the browser is opened in a pause and takes over", async () => {
  const { page, browser, paint } = setUp();
  assert.equal(await paint(30), "server alone");
  assert.equal(page.opened, 0, "in the middle of painting");
  await pause();
  assert.equal(page.opened, 1);
  assert.ok(browser.painted > 1, "it was not tried before");
  assert.equal(await paint(3), "browser");
  assert.equal(await paint(1, { model: "large", format: "shown" }), "server");
  assert.equal(await paint(1, { model: "live", format: "png" }), "server", "what is saved");
});

test("nothing is fetched for a quick server, after few pictures, for other models, or where data are metered", async () => {
  for (const [takes, times, model, unmetered] of [[30, 30, "live", true], [100, 3, "live", true], [100, 30, "large", true], [100, 30, "live", false]]) {
    const { page, server, paint } = setUp({ mayFetch: () => unmetered });
    server.takes = takes;
    await paint(times, { model, format: "shown" });
    await pause();
    assert.equal(page.opened, 0);
  }
});

test("a browser that is slower than the server leaves it the painting, also when it becomes so later", async () => {
  const { browser, paint } = setUp();
  browser.takes = 150;
  await paint(10);
  await pause();
  assert.equal(await paint(1), "server");
  browser.takes = 20;
  await pause();
  assert.equal(await paint(1), "browser", "it was slow for a moment");
  const other = setUp();
  await other.paint(10);
  await pause();
  other.browser.takes = 500;
  assert.equal(await other.paint(20), "server");
});

test("whichever fails, the other paints, and a browser that has failed paints no more", async () => {
  const { page, server, browser, paint } = setUp();
  await paint(10);
  await pause();
  server.takes = 1;
  await paint(1, LIVE);
  browser.takes = 30;
  server.fails = new TypeError("Failed to fetch");
  assert.equal(await paint(2), "browser");
  server.fails = null;
  browser.fails = new Error("no memory");
  assert.equal(await paint(1), "server alone");
  assert.deepEqual([page.told.length, browser.ended], [1, 1]);
  browser.fails = null;
  assert.equal(await paint(20), "server alone");
});

test("what the server refuses for good is not painted elsewhere, and both failing is told in the server's words", async () => {
  const { server, browser, quicker, paint } = setUp();
  await paint(10);
  await pause();
  browser.takes = 200;
  await paint(12);
  server.fails = new RequestRejected("no such model", false);
  await assert.rejects(quicker.generate(LIVE), /no such model/);
  server.fails = new RequestRejected("many people", true);
  browser.fails = new Error("no memory");
  await assert.rejects(quicker.generate(LIVE), /many people/);
});

test("a browser that cannot be opened is forgotten without a word to the painter", async () => {
  for (const open of [async () => null, async () => Promise.reject(new Error("gone"))]) {
    const { page, paint } = setUp({ open });
    await paint(10);
    await pause();
    assert.equal(await paint(10), "server alone");
    assert.deepEqual(page.told, []);
  }
});

test("a picture that is given up is no failure", async () => {
  const { page, quicker, paint } = setUp();
  await paint(10);
  await pause();
  await assert.rejects(quicker.generate(LIVE, AbortSignal.abort()));
  assert.equal(await paint(1), "browser");
  assert.deepEqual(page.told, []);
});
