// Keeps the drawing and the settings in this browser, through reloads and restarts of the server.

import { decodeRuns, encodeRuns } from "./runs.js";

const KEY = "pix2pix-drawing";
const PAUSE = 250; // milliseconds without a change before it is written

export class Storage {
  constructor(storage = globalThis.localStorage) {
    this.storage = storage;
    this.timer = 0;
  }

  /** What was kept as {labels, origin, settings}; null for nothing, or nothing that can be used. */
  load(size, classes) {
    try {
      const { drawing, ...rest } = JSON.parse(this.storage.getItem(KEY) ?? "");
      return { origin: null, settings: {}, ...rest, labels: decodeRuns(drawing, size, classes) };
    } catch {
      return null;
    }
  }

  /** Write `state()` = {labels, origin, settings} a little later; `now` for when the page is about to go. */
  save(state, now = false) {
    clearTimeout(this.timer);
    if (now) return this.#write(state());
    this.timer = setTimeout(() => this.#write(state()), PAUSE);
  }

  #write({ labels, ...rest }) {
    try {
      this.storage.setItem(KEY, JSON.stringify({ drawing: encodeRuns(labels), ...rest }));
    } catch {
      // Storage may be full or forbidden (private windows): painting goes on without it.
    }
  }
}
