import assert from "node:assert/strict";
import test from "node:test";

import { base64Of, decodeRuns, encodeRuns } from "../../../../pix2pix/web/canvas/js/model/runs.js";

const SIZE = 256 * 256;

test("a drawing survives its text form", () => {
  const noise = Uint8Array.from({ length: SIZE }, (_, at) => (at * 7919) % 12);
  assert.deepEqual(decodeRuns(encodeRuns(noise), SIZE, 12), noise);
});

test("a run longer than a u16 is cut into several", () => {
  const flat = new Uint8Array(SIZE).fill(1);
  assert.equal(encodeRuns(flat), base64Of(Uint8Array.of(1, 0xff, 0xff, 1, 1, 0)));
  assert.deepEqual(decodeRuns(encodeRuns(flat), SIZE, 12), flat);
});

for (const [fault, bytes] of [
  ["too few pixels", [1, 10, 0]],
  ["too many pixels", [1, 0xff, 0xff, 1, 0xff, 0xff]],
  ["an unknown class", [12, 0xff, 0xff, 1, 1, 0]],
  ["half a run", [1, 0xff]],
]) {
  test(`${fault}: refused`, () => {
    assert.throws(() => decodeRuns(base64Of(Uint8Array.from(bytes)), SIZE, 12), Error);
  });
}

test("text longer than any drawing is refused unread", () => {
  assert.throws(() => decodeRuns("A".repeat(4 * SIZE + 5), SIZE, 12), /too long/);
});
