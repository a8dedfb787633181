// Files of the site, each held to its length and SHA-256: what arrives cut or wrong is fetched again, and never used.

import { RequestRejected } from "../net/server.js";

const ATTEMPTS = 3;
const PAUSE = 1000; // milliseconds before the next one

/** @typedef {{path: string, bytes: number, sha256: string}} File */

export class Downloads {
  /**
   * @param {URL} base
   * @param {(received: number, total: number) => void} progress hears of all files that are under way
   * @param {(url: URL, content: ArrayBuffer) => void} fetched gets each one that has come whole
   */
  constructor(base, progress = () => {}, fetched = () => {}) {
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
        if (!content) continue;
        reason = await fault(content, file);
        if (reason) continue;
        this.fetched(new URL(file.path, this.base), content);
        return content;
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
    let at = 0;
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return at === file.bytes ? content.buffer : content.slice(0, at).buffer;
      if (at + value.length > file.bytes) throw new Error("more came than belongs to it");
      content.set(value, at);
      this.received.set(file, (at += value.length));
      this.#tell();
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

/** What is wrong with the content of a file; "" for nothing. */
async function fault(content, { bytes, sha256 }) {
  if (content.byteLength !== bytes) return `${content.byteLength} of its ${bytes} bytes came`;
  if (!globalThis.crypto?.subtle) return ""; // only at https and localhost
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("") === sha256 ? "" : "its SHA-256 is another one";
}
