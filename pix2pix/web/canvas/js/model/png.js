// What a picture was made of, inside its file: a PNG's text chunk (PNG specification, 11.3.3.4 iTXt) with the keyword
// "pix2pix", as JSON. Programs that do not know it pass it by.

const KEYWORD = "pix2pix";
const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const MAX_TEXT = 100_000; // bytes
const HEAD = 8; // bytes of length and type before a chunk's data; 4 of its checksum follow

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** @type {(bytes: Uint8Array) => number} */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The PNG with what it was made of, before the end of the file. @type {(png: Uint8Array, facts: object) => Uint8Array} */
export function withFacts(png, facts) {
  const body = new TextEncoder().encode(`iTXt${KEYWORD}\0\0\0\0\0${JSON.stringify(facts)}`);
  const chunk = new Uint8Array(body.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, body.length - 4);
  chunk.set(body, 4);
  view.setUint32(body.length + 4, crc32(body));
  const end = png.length - 12; // IEND, which is empty
  const result = new Uint8Array(png.length + chunk.length);
  result.set(png.subarray(0, end));
  result.set(chunk, end);
  result.set(png.subarray(end), end + chunk.length);
  return result;
}

/** What `withFacts` wrote; null for any other file, and for one that is broken. @type {(png: Uint8Array) => any} */
export function factsIn(png) {
  if (SIGNATURE.some((byte, at) => png[at] !== byte)) return null;
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const head = `iTXt${KEYWORD}\0\0\0\0\0`;
  for (let at = SIGNATURE.length; at + HEAD + 4 <= png.length; ) {
    const length = view.getUint32(at);
    const body = png.subarray(at + 4, at + HEAD + length);
    if (at + HEAD + length + 4 > png.length) return null; // cut short
    if (length <= MAX_TEXT && [...head].every((letter, index) => body[index] === letter.charCodeAt(0))) {
      if (view.getUint32(at + HEAD + length) !== crc32(body)) return null;
      return parsed(new TextDecoder().decode(body.subarray(head.length)));
    }
    at += HEAD + length + 4;
  }
  return null;
}

/** @type {(text: string) => any} */
function parsed(text) {
  try {
    const facts = JSON.parse(text);
    return facts && typeof facts === "object" ? facts : null;
  } catch {
    return null;
  }
}
