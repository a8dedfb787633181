import assert from "node:assert/strict";
import test from "node:test";

import { factsIn, withFacts } from "../../../../pix2pix/web/canvas/js/model/png.js";

// 1x1 pixel, grey.
const PNG = Uint8Array.from(Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==", "base64"));
const FACTS = { program: "pix2pix", seed: 7, wall: "#c99a54", drawing: "#drawing=abc" };

test("a PNG carries what it was made of, at its end, and is a PNG still", () => {
  const written = withFacts(PNG, FACTS);
  assert.deepEqual(factsIn(written), FACTS);
  assert.deepEqual(written.subarray(0, PNG.length - 12), PNG.subarray(0, PNG.length - 12));
  assert.deepEqual(written.subarray(-12), PNG.subarray(-12));
  assert.equal(factsIn(PNG), null);
});

test("foreign, broken and cut files hold no facts", () => {
  const written = withFacts(PNG, FACTS);
  const at = written.indexOf("#".charCodeAt(0), PNG.length - 12);
  const changed = written.slice();
  changed[at] ^= 1;
  assert.equal(factsIn(changed), null, "its checksum is wrong");
  for (let length = 0; length < written.length - 12; length += 7) assert.equal(factsIn(written.subarray(0, length)), null);
  assert.equal(factsIn(new TextEncoder().encode("GIF89a and so on")), null);
  const endless = written.slice();
  endless.fill(255, 8, 12); // a chunk that claims 4 GB
  assert.equal(factsIn(endless), null);
});
