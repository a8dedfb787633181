// Files of the site, each held to its length and, piece by piece, to SHA-256: what arrives cut or wrong is fetched again,
// and never used. As a whole it would lie in memory once more for its digest, and once more to be kept.

import { RequestRejected } from "../net/server.js";
import { giveBack } from "./memory.js";

const ATTEMPTS = 3;
const PAUSE = 1000; // milliseconds before the next one

const PIECE = 2 ** 20; // bytes, as pix2pix/web/browser.py counts them

/** @typedef {{path: string, bytes: number, sha256: string[]}} File `sha256` is that of each piece */

export class Downloads {
  /**
   * @param {URL} base
   * @param {(received: number, total: number) => void} progress hears of all files that are under way
   * @param {(url: URL, content: Blob) => void} [fetched] gets each one that has come whole
   */
  constructor(base, progress = () => {}, fetched) {
    this.base = base;
    this.progress = progress;
    this.fetched = fetched;
    /** @type {Map<File, number>} */
    this.received = new Map();
  }

  /**
   * The content of a file.
   * @type {(file: File) => Promise<ArrayBuffer>}
   */
  async get(file) {
    let reason = "";
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (attempt) await new Promise((resolve) => setTimeout(resolve, attempt * PAUSE));
        // Again past the browser's cache: it may be what is wrong.
        const content = await this.#fetch(file, attempt ? "reload" : "default").catch((error) => ((reason = error.message), null));
        if (content) return content;
      }
    } finally {
      this.received.delete(file);
      this.#tell();
    }
    throw new RequestRejected(`${file.path.split("/").at(-1)} could not be fetched: ${reason}`, true);
  }

  /** @type {(file: File, cache: RequestCache) => Promise<ArrayBuffer>} */
  async #fetch(file, cache) {
    this.received.set(file, 0);
    this.#tell();
    const response = await fetch(new URL(file.path, this.base), { cache }).catch(() => {
      throw new Error("the connection is lost");
    });
    if (response.status === 404) throw new Error("it is gone, perhaps for a newer version: reload the page");
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    const content = new Uint8Array(file.bytes);
    const pieces = [];
    let at = 0;
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (value) {
        if (at + value.length > file.bytes) throw new Error("more came than belongs to it");
        content.set(value, at);
        this.received.set(file, (at += value.length));
        giveBack(value.buffer);
        this.#tell();
      }
      if (done && at < file.bytes) throw new Error(`${at} of its ${file.bytes} bytes came`);
      for (let from = PIECE * pieces.length; from < at && (done || at - from >= PIECE); from += PIECE) {
        const piece = content.subarray(from, from + PIECE);
        if (!(await isOf(piece, file.sha256[pieces.length]))) throw new Error("its SHA-256 is another one");
        pieces.push(this.fetched ? new Blob([piece]) : ""); // outside of the tab
      }
      if (!done) continue;
      this.fetched?.(new URL(file.path, this.base), new Blob(pieces));
      return content.buffer;
    }
  }

  #tell() {
    const files = [...this.received];
    this.progress(
      files.reduce((sum, [, received]) => sum + received, 0),
      files.reduce((sum, [file]) => sum + file.bytes, 0),
    );
  }
}

/** Whether a piece has this SHA-256, where that can be told. @type {(piece: Uint8Array<ArrayBuffer>, sha256: string) => Promise<boolean>} */
async function isOf(piece, sha256) {
  if (!globalThis.crypto?.subtle) return true; // only at https and localhost
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", piece));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
}
