// Copy, cut and paste by the browser's own events: they need no permission, and reach other tabs and windows.

import { pieceIn, textOf } from "../model/clipboard.js";
import { typing } from "./keyboard.js";

/** @import { Studio } from "../model/studio.js" */

/**
 * `act(name)` runs an action.
 * @param {HTMLElement} element
 * @param {Studio} studio
 * @param {number} classes how many there are
 * @param {(name: string) => void} act
 */
export function bindClipboard(element, studio, classes, act) {
  const away = (/** @type {ClipboardEvent} */ event) => {
    if (typing(/** @type {Element} */ (event.target)) || !studio.selection) return;
    act(event.type);
    if (studio.clipboard) event.clipboardData?.setData("text/plain", textOf(studio.clipboard));
    event.preventDefault();
  };
  const here = (/** @type {ClipboardEvent} */ event) => {
    if (typing(/** @type {Element} */ (event.target)) || event.clipboardData?.files.length) return; // a picture: sources.js
    const text = event.clipboardData?.getData("text/plain") ?? "";
    studio.clipboard = pieceIn(text, studio.drawing, classes) ?? studio.clipboard;
    act("paste");
    event.preventDefault();
  };
  const bound = /** @type {const} */ ([["copy", away], ["cut", away], ["paste", here]]);
  for (const [name, listener] of bound) {
    document.addEventListener(name, (event) => element.isConnected && listener(event));
  }
}
