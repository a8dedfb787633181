// The text form of a label map, as in pix2pix/labels.py: base64 of (class u8, run length u16 little-endian).

const MAX_RUN = 0xffff;
const RUN_BYTES = 3;

/** Label map (Uint8Array, reading order) -> bytes of runs. */
export function runsOf(labels) {
  const bytes = [];
  for (let start = 0; start < labels.length; ) {
    let end = start + 1;
    while (end < labels.length && end - start < MAX_RUN && labels[end] === labels[start]) end++;
    const length = end - start;
    bytes.push(labels[start], length & 0xff, length >> 8);
    start = end;
  }
  return Uint8Array.from(bytes);
}

/** Bytes of runs -> label map of `size` pixels with classes below `classes`; throws an Error for anything else. */
export function labelsOf(bytes, size, classes) {
  if (bytes.length % RUN_BYTES) throw new Error("the drawing ends in the middle of a run");
  const labels = new Uint8Array(size);
  let filled = 0;
  for (let at = 0; at < bytes.length; at += RUN_BYTES) {
    const length = bytes[at + 1] | (bytes[at + 2] << 8);
    if (bytes[at] >= classes) throw new Error(`the drawing names class ${bytes[at]}, and there are ${classes}`);
    if (filled + length > size) throw new Error("the drawing holds more pixels than the canvas");
    labels.fill(bytes[at], filled, filled + length);
    filled += length;
  }
  if (filled !== size) throw new Error("the drawing holds fewer pixels than the canvas");
  return labels;
}

export const encodeRuns = (labels) => base64Of(runsOf(labels));

/** The inverse of `encodeRuns`; the longest honest text holds one run a pixel. */
export function decodeRuns(text, size, classes) {
  if (text.length > 4 * size + 4) throw new Error("the drawing is too long");
  return labelsOf(bytesOf(text), size, classes);
}

export function base64Of(bytes) {
  const pieces = [];
  const piece = 0x8000; // String.fromCharCode takes its characters as arguments, and those are limited
  for (let at = 0; at < bytes.length; at += piece) pieces.push(String.fromCharCode(...bytes.subarray(at, at + piece)));
  return btoa(pieces.join(""));
}

export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
