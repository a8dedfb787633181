// A drawing inside a link: `#drawing=` and the deflated runs in base64url. Nothing is stored on a server.

import { base64Of, bytesOf, labelsOf, runsOf } from "./runs.js";

const KEY = "#drawing=";
export const LONGEST_LINK = 30_000; // characters: below what browsers and chat programs cut off or refuse

/** Label map -> URL fragment; null for a drawing too intricate for a link. */
export async function fragmentOf(labels) {
  const packed = await through(new CompressionStream("deflate-raw"), runsOf(labels), Infinity);
  const text = base64Of(packed).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return text.length > LONGEST_LINK ? null : KEY + text;
}

/** URL fragment -> label map; null when it carries no drawing; throws an Error for a broken or oversized one. */
export async function drawingIn(fragment, size, classes) {
  if (!fragment.startsWith(KEY)) return null;
  const text = fragment.slice(KEY.length);
  if (text.length > LONGEST_LINK) throw new Error("it is too long");
  if (!/^[\w-]+$/.test(text)) throw new Error("it holds characters that do not belong there");
  try {
    const packed = bytesOf(text.replaceAll("-", "+").replaceAll("_", "/"));
    return labelsOf(await through(new DecompressionStream("deflate-raw"), packed, 3 * size), size, classes);
  } catch (error) {
    throw new Error("it is damaged or was cut short", { cause: error });
  }
}

/** Send bytes through a stream; throws as soon as more than `most` bytes come out (a small link can unpack to much). */
async function through(transform, bytes, most) {
  const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader();
  const chunks = [];
  let total = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    total += value.length;
    if (total > most) throw new Error("it unpacks to more than a drawing");
    chunks.push(value);
  }
}
