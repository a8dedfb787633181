// The drawings that this browser keeps: {id, name, drawing: runs as text, settings, thumbnail, changed}. IndexedDB holds
// them; where it is forbidden (private windows) or full they live as long as the page.

import { decodeRuns } from "./runs.js";

/**
 * @typedef {object} Kept a drawing on the shelf
 * @property {string} id
 * @property {string} name
 * @property {string} drawing runs, as encodeRuns writes them
 * @property {Record<string, any>} settings seed, colours, style and model
 * @property {string} thumbnail a JPEG as data URL, or empty
 * @property {number} changed milliseconds since 1970
 */

export const FORMAT = "pix2pix drawings";
const MAX_KEPT = 500;
const MAX_NAME = 80; // characters
const MAX_THUMBNAIL = 60_000; // characters
const THUMBNAIL = /^data:image\/jpeg;base64,[A-Za-z0-9+/=]+$/;
const STORE = "drawings";

export class Shelf {
  /** @param {IDBFactory | undefined} factory */
  constructor(factory = globalThis.indexedDB) {
    this.factory = factory;
    /** @type {Map<string, Kept>} */
    this.kept = new Map();
    this.lasting = true; // whether what is put here outlives the page
    /** @type {IDBDatabase | null} */
    this.database = null;
  }

  /** Read what is there. */
  async open() {
    try {
      this.database = await opened(/** @type {IDBFactory} */ (this.factory));
      for (const each of await answer(this.#store("readonly").getAll())) this.kept.set(each.id, each);
    } catch {
      this.lasting = false;
    }
  }

  /** All drawings, the newest first. @returns {Kept[]} */
  get listed() {
    return [...this.kept.values()].sort((one, other) => other.changed - one.changed);
  }

  /** A name that no drawing has yet. @param {string} wanted */
  freeName(wanted) {
    const names = new Set(this.listed.map(({ name }) => name));
    if (!names.has(wanted)) return wanted;
    const stem = wanted.replace(/ \d+$/, "");
    let number = 2;
    while (names.has(`${stem} ${number}`)) number++;
    return `${stem} ${number}`;
  }

  /** Put a drawing here, or its newer state; resolves to whether it is kept for good. @param {Kept} drawing */
  async put(drawing) {
    if (!this.kept.has(drawing.id) && this.kept.size >= MAX_KEPT) return false;
    this.kept.set(drawing.id, drawing);
    return this.#write((store) => store.put(drawing));
  }

  /** @param {string} id */
  async remove(id) {
    this.kept.delete(id);
    return this.#write((store) => store.delete(id));
  }

  /** All drawings as one file's text. */
  exported() {
    return JSON.stringify({ format: FORMAT, version: 1, drawings: this.listed });
  }

  /**
   * Add the drawings of such a file; resolves to {added, refused}. Throws an Error for what is no such file.
   * @param {string} text @param {number} size pixels of a drawing @param {number} classes
   */
  async add(text, size, classes) {
    const drawings = drawingsIn(text);
    let added = 0;
    for (const each of drawings) {
      const drawing = checked(each, size, classes);
      if (!drawing || this.kept.size >= MAX_KEPT) continue;
      await this.put({ ...drawing, id: newId(), name: this.freeName(drawing.name) });
      added++;
    }
    return { added, refused: drawings.length - added };
  }

  /** @param {IDBTransactionMode} mode */
  #store(mode) {
    return /** @type {IDBDatabase} */ (this.database).transaction(STORE, mode).objectStore(STORE);
  }

  /** @param {(store: IDBObjectStore) => IDBRequest} change */
  async #write(change) {
    if (!this.database) return false;
    try {
      await answer(change(this.#store("readwrite")));
      this.lasting = true;
    } catch {
      this.lasting = false; // full, or taken away
    }
    return this.lasting;
  }
}

export const newId = () => [...crypto.getRandomValues(new Uint32Array(3))].map((part) => part.toString(36)).join("");

/** @param {string} text @returns {any[]} */
function drawingsIn(text) {
  /** @type {any} */
  let file = null;
  try {
    file = JSON.parse(text);
  } catch {
    // told below
  }
  if (file?.format !== FORMAT || !Array.isArray(file.drawings)) throw new Error("this is not a file of drawings that this page exported");
  return file.drawings;
}

/** A drawing of a file from anywhere, or null where it is not whole. @type {(each: any, size: number, classes: number) => Omit<Kept, "id"> | null} */
function checked(each, size, classes) {
  try {
    decodeRuns(each.drawing, size, classes);
    const { drawing, thumbnail } = each;
    const shown = typeof thumbnail === "string" && thumbnail.length < MAX_THUMBNAIL && THUMBNAIL.test(thumbnail);
    const name = String(each.name ?? "").trim().slice(0, MAX_NAME) || "Drawing";
    return { name, drawing, settings: settingsOf(each.settings), thumbnail: shown ? thumbnail : "", changed: Number(each.changed) || 0 };
  } catch {
    return null;
  }
}

/** @param {any} given */
function settingsOf(given) {
  const colour = (/** @type {any} */ value) => (/^#[0-9a-f]{6}$/.test(value) ? value : null);
  const seed = Number.isInteger(given?.variation) && given.variation > 0 && given.variation < 100 ? given.variation : null;
  const style = typeof given?.style === "string" && given.style.length <= 40 ? given.style : null;
  return { variation: seed, wall: colour(given?.wall), sky: colour(given?.sky), style };
}

/** @param {IDBFactory} factory @returns {Promise<IDBDatabase>} */
function opened(factory) {
  const request = factory.open("pix2pix", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
  return answer(request);
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
