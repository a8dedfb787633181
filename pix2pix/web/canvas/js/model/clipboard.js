// A piece of a drawing as text, so that the system's clipboard carries it to other drawings, tabs and windows.

import { decodeRuns, encodeRuns } from "./runs.js";

/** @import { Drawing } from "./drawing.js" */

/** @typedef {{patch: Drawing, x: number, y: number}} Piece of a drawing, and where it was taken from */

const FORM = /^pix2pix:(\d{1,4}),(\d{1,4}),(\d{1,4}),(\d{1,4}):([A-Za-z0-9+/=]+)$/;

/** @type {(piece: Piece) => string} */
export const textOf = ({ patch, x, y }) => `pix2pix:${x},${y},${patch.width},${patch.height}:${encodeRuns(patch.labels)}`;

/**
 * The piece that a text holds; null for any other text, and for a piece larger than `drawing`.
 * @type {(text: string, drawing: {width: number, height: number}, classes: number) => Piece | null}
 */
export function pieceIn(text, drawing, classes) {
  const found = FORM.exec(text.trim());
  if (!found) return null;
  const [x, y, width, height] = found.slice(1, 5).map(Number);
  if (!width || !height || width > drawing.width || height > drawing.height) return null;
  try {
    return { patch: { width, height, labels: decodeRuns(found[5], width * height, classes) }, x, y };
  } catch {
    return null;
  }
}
