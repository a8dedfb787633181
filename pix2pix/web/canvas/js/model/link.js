// A picture inside a link: `#drawing=` and the deflated runs in base64url, then what else makes the picture: variation,
// wall, sky and style. Nothing is stored on a server.

import { base64Of, bytesOf, labelsOf, runsOf } from "./runs.js";

const COLOUR = /^(#[0-9a-f]{6})?$/;
const SETTINGS = { variation: /^\d{0,2}$/, wall: COLOUR, sky: COLOUR, style: /^.{0,40}$/u }; // empty: automatic
export const MAX_LINK = 30_000; // characters: below what browsers and chat programs cut off or refuse

/** Label map and settings -> URL fragment; null for a drawing too intricate for a link. */
export async function fragmentOf(labels, settings) {
  const packed = await through(new CompressionStream("deflate-raw"), runsOf(labels), Infinity);
  const text = base64Of(packed).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const texts = Object.keys(SETTINGS).map((name) => [name, settings[name] ?? ""]);
  return text.length > MAX_LINK ? null : `#${new URLSearchParams([["drawing", text], ...texts])}`;
}

/**
 * URL fragment -> {labels, settings: those that it names}; null when it carries no drawing; throws an Error for a
 * broken or oversized one.
 */
export async function drawingIn(fragment, size, classes) {
  const given = new URLSearchParams(fragment.slice(1));
  const text = given.get("drawing");
  if (text === null) return null;
  if (text.length > MAX_LINK) throw new Error("it is too long");
  if (!/^[\w-]+$/.test(text)) throw new Error("it holds characters that do not belong there");
  try {
    const settings = settingsIn(given);
    const packed = bytesOf(text.replaceAll("-", "+").replaceAll("_", "/"));
    const runs = await through(new DecompressionStream("deflate-raw"), packed, 3 * size);
    return { labels: labelsOf(runs, size, classes), settings };
  } catch (error) {
    throw new Error("it is damaged or was cut short", { cause: error });
  }
}

/** Settings of a link, or of what a browser kept, as the store holds them. */
export function choiceOf(settings) {
  const { variation, ...colours } = Object.fromEntries(Object.entries(settings).filter(([name]) => name in SETTINGS));
  return variation === undefined ? colours : { ...colours, variation: Number(variation) || null };
}

function settingsIn(given) {
  const settings = {};
  for (const [name, form] of Object.entries(SETTINGS)) {
    const text = given.get(name);
    if (text === null) continue;
    if (!form.test(text)) throw new Error(`${name} cannot be ${text}`);
    settings[name] = text || null;
  }
  return settings;
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
