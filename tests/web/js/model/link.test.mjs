import assert from "node:assert/strict";
import test from "node:test";

import { drawingIn, fragmentOf, MAX_LINK } from "../../../../pix2pix/web/canvas/js/model/link.js";

const SIZE = 256 * 256;
const windows = Uint8Array.from({ length: SIZE }, (_, at) => (at % 32 < 12 && (at >> 8) % 40 < 20 ? 2 : 1));

test("a link opens to the same drawing and stays short", async () => {
  const fragment = await fragmentOf(windows, {});
  assert.ok(fragment.length < 500, `${fragment.length} characters`);
  assert.deepEqual((await drawingIn(fragment, SIZE, 12)).labels, windows);
});

test("a link carries variation and colours, and one that does not name them sets none", async () => {
  const fragment = await fragmentOf(windows, { variation: 7, wall: "#a0604c", sky: null, style: "dark glass" });
  assert.deepEqual((await drawingIn(fragment, SIZE, 12)).settings, { variation: "7", wall: "#a0604c", sky: null, style: "dark glass" });
  assert.deepEqual((await drawingIn(fragment.split("&")[0], SIZE, 12)).settings, {});
});

test("a link with a setting that cannot be is refused", async () => {
  const [drawing] = (await fragmentOf(windows, {})).split("&");
  for (const setting of ["variation=100", "variation=-1", "wall=red", "sky=url(x)", "sky=%23AABBCCDD"]) {
    await assert.rejects(drawingIn(`${drawing}&${setting}`, SIZE, 12), /damaged/, setting);
  }
});

test("a fragment of something else is no drawing and no error", async () => {
  assert.equal(await drawingIn("", SIZE, 12), null);
  assert.equal(await drawingIn("#section", SIZE, 12), null);
});

test("a drawing that no link can carry gives none", async () => {
  let seed = 1;
  const noise = Uint8Array.from({ length: SIZE }, () => ((seed = (seed * 48271) % 2147483647) >> 8) % 12);
  assert.ok((await fragmentOf(noise, {})) === null);
});

test("a link that was cut short, has strange characters or is oversized is refused", async () => {
  const fragment = await fragmentOf(windows, {});
  await assert.rejects(drawingIn(fragment.split("&")[0].slice(0, -20), SIZE, 12), /damaged or was cut short/);
  await assert.rejects(drawingIn(fragment.replace("&", "<script>&"), SIZE, 12), /do not belong/);
  await assert.rejects(drawingIn(`#drawing=${"A".repeat(MAX_LINK + 1)}`, SIZE, 12), /too long/);
});

test("a small link that unpacks to megabytes is refused", async () => {
  const bomb = new Blob([new Uint8Array(20_000_000)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const packed = Buffer.from(await new Response(bomb).arrayBuffer()).toString("base64url");
  assert.ok(packed.length < MAX_LINK);
  await assert.rejects(drawingIn(`#drawing=${packed}`, SIZE, 12), /damaged/);
});
