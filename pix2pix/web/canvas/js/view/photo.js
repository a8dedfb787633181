// "From a photo": a photo of a house, its four corners marked on it, becomes the drawing, with the photo as its target.
// Photos are held in memory only.

import { decodeRuns } from "../model/runs.js";
import { sentence } from "./status.js";

/** @import { Store } from "../model/store.js" */
/** @typedef {{drawing: string, wall: string | null, sky: string | null, style: string | null, photo: string, doubt: string}} Read */

const MAX_SIDE = 1600; // pixels: larger photos are sent smaller
const GUESS_SIDE = 512; // pixels: enough to guess the corners by
const INSET = 0.04; // of the photo: where the corners are until they are guessed
const STEP = 0.005; // of the photo, by an arrow key; with Shift ten times as far
const NAMES = ["top left", "top right", "bottom right", "bottom left"];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Photos {
  /**
   * @param {HTMLElement} element
   * @param {Store} store
   * @param {{segment?: (photo: Blob, corners: string, model: string) => Promise<Read>, corners?: (photo: Blob) => Promise<{corners: number[][] | null}>}} server
   * @param {number} classes how many there are
   * @param {(text: string, kind?: string) => void} tell
   */
  constructor(element, store, server, classes, tell) {
    this.store = store;
    this.server = server;
    this.classes = classes;
    this.tell = tell;
    const find = (/** @type {string} */ selector) => /** @type {any} */ (element.querySelector(selector));
    this.dialog = find("dialog.from-photo");
    this.file = find(".from-photo input[type=file]");
    this.camera = find(".from-photo [capture]");
    this.place = this.dialog.querySelector(".photo");
    this.image = this.dialog.querySelector("img");
    this.outline = this.dialog.querySelector("polygon");
    this.status = this.dialog.querySelector("[role=status]");
    this.drawButton = this.dialog.querySelector("[data-action=draw-photo]");
    /** @type {HTMLButtonElement[]} */
    this.handles = NAMES.map((name, index) => this.#handle(name, index));
    this.place.append(...this.handles);
    /** @type {number[][]} shares of the photo */
    this.corners = [];
    /** @type {Blob | null} */
    this.photo = null;
    this.reading = false;
    /** @type {Map<string | null, {target: string, before: object, after: object}>} origin of a drawing -> what came with it */
    this.read = new Map();
    /** @type {string | null} */
    this.origin = store.studio.origin;
    this.document = store.studio.document;
    for (const input of [this.file, this.camera]) {
      input.addEventListener("change", () => {
        if (input.files[0]) this.open(input.files[0]);
        input.value = ""; // so that the same file can be chosen again
      });
    }
    this.dialog.addEventListener("close", () => this.#forget());
    find("[data-action=photo]").hidden = !server.segment;
    // Choosers of photos on Android offer no camera, so it has a button of its own.
    find("[data-action=take-photo]").hidden = !server.segment || !matchMedia("(pointer: coarse)").matches;
    store.subscribe(({ committed }) => committed && this.#travel());
  }

  /** Whether photos are read here. */
  get isThere() {
    return Boolean(this.server.segment);
  }

  /** The photo that a drawing was read from, by the drawing's origin. @param {string | null} origin */
  targetOf(origin) {
    return this.read.get(origin)?.target ?? null;
  }

  /** Whether one is being marked right now. */
  get isOpen() {
    return this.dialog.open;
  }

  choose() {
    this.file.click();
  }

  take() {
    this.camera.click();
  }

  /** Show a photo to mark the corners on. @param {Blob} file */
  async open(file) {
    /** @type {Blob | null} */
    let small = null;
    try {
      const bitmap = await createImageBitmap(file); // upright by its EXIF orientation
      [this.photo, small] = await Promise.all([jpegOf(bitmap, MAX_SIDE), jpegOf(bitmap, GUESS_SIDE)]);
      bitmap.close();
    } catch {
      this.photo = null;
    }
    if (!this.photo) return this.tell("This browser cannot open that file as a photo.", "warning");
    URL.revokeObjectURL(this.image.src);
    this.image.src = URL.createObjectURL(this.photo);
    await this.image.decode().catch(() => {});
    this.corners = [[INSET, INSET], [1 - INSET, INSET], [1 - INSET, 1 - INSET], [INSET, 1 - INSET]];
    this.#doubt("");
    this.#show();
    this.dialog.dataset.corners = "asked"; // then "guessed", "unknown" or "moved"
    if (!this.dialog.open) this.dialog.showModal();
    this.handles[0].focus({ preventScroll: true });
    if (small) await this.#guess(small);
  }

  /** Put the corners where the house front may be, unless someone was quicker. @param {Blob} small */
  async #guess(small) {
    const { photo, dialog, server } = this;
    this.status.textContent = "Looking for the house front…";
    const answer = await server.corners?.(small).catch(() => null);
    if (this.photo !== photo || this.reading || dialog.dataset.corners !== "asked") return;
    dialog.dataset.corners = answer?.corners ? "guessed" : "unknown";
    this.status.textContent = "";
    if (!answer?.corners) return;
    this.corners = answer.corners;
    this.status.textContent = "These corners are a guess: move those that are off.";
    this.#show();
  }

  /** Read the drawing off the photo and open it; where it may be no house, ask first. */
  async draw() {
    const { photo, server, store } = this;
    if (!photo || !server.segment || this.reading) return;
    this.reading = true; // the button stays as it is: a disabled one would lose the focus, and Escape with it
    this.status.textContent = "Reading the photo…";
    try {
      const answer = this.doubted ?? (await server.segment(photo, this.corners.map((corner) => corner.map((share) => share.toFixed(4)).join(",")).join(" "), store.choice.model));
      if (this.photo !== photo) return; // closed, or another one meanwhile
      if (answer.doubt && !this.doubted) return this.#doubt(`${sentence(answer.doubt)} Move the corners or take another photo, or draw it as it is.`, answer);
      this.#load(answer);
      this.dialog.close();
      this.tell("Drawn from your photo. Undo goes back.");
    } catch (error) {
      const { message, again } = /** @type {{message: string, again?: boolean}} */ (error);
      this.status.textContent = again === undefined ? "This needs the connection, which is lost right now." : sentence(message);
    } finally {
      this.reading = false;
    }
  }

  /** @param {Read} answer */
  #load({ drawing, wall, sky, style, photo }) {
    const { store } = this;
    const { choice, studio } = store;
    const before = { wall: choice.wall, sky: choice.sky, style: choice.style };
    const after = { wall: wall ?? choice.wall, sky: sky ?? choice.sky, style: style ?? choice.style };
    const origin = `your photo ${Date.now()}`;
    this.read.set(origin, { target: photo, before, after });
    store.load(decodeRuns(drawing, studio.drawing.labels.length, this.classes), after, origin);
  }

  /** Undo and redo bring the colours back that a drawing was loaded with. */
  #travel() {
    const { studio, loading } = this.store;
    const { origin, document } = studio;
    const back = document < this.document;
    const [from, to] = [this.read.get(this.origin), this.read.get(origin)];
    const travels = origin !== this.origin && !loading;
    [this.origin, this.document] = [origin, document];
    if (travels && to) this.store.set(to.after);
    else if (travels && from && back) this.store.set(from.before);
  }

  /** @param {string} text @param {Read | null} answer */
  #doubt(text, answer = null) {
    this.doubted = answer;
    this.status.textContent = text;
    this.drawButton.textContent = answer ? "Draw it anyway" : "Draw it";
  }

  #forget() {
    this.photo = this.doubted = null;
    URL.revokeObjectURL(this.image.src);
    this.image.removeAttribute("src");
  }

  /** @param {string} name @param {number} index */
  #handle(name, index) {
    const handle = document.createElement("button");
    Object.assign(handle, { type: "button", className: "handle", ariaLabel: `Corner ${name}`, title: `The ${name} corner of the house front: drag it, or use the arrow keys` });
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      event.preventDefault();
      handle.focus({ preventScroll: true });
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = this.image.getBoundingClientRect();
      this.#move(index, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    });
    handle.addEventListener("keydown", (event) => {
      const arrow = /** @type {Record<string, number[]>} */ (ARROWS)[event.key];
      if (!arrow) return;
      event.preventDefault();
      const [x, y] = this.corners[index];
      const step = event.shiftKey ? 10 * STEP : STEP;
      this.#move(index, x + step * arrow[0], y + step * arrow[1]);
    });
    return handle;
  }

  /** @param {number} index @param {number} x @param {number} y */
  #move(index, x, y) {
    const inside = (/** @type {number} */ share) => Math.min(1, Math.max(0, share));
    this.corners[index] = [inside(x), inside(y)];
    this.dialog.dataset.corners = "moved";
    this.#doubt("");
    this.#show();
  }

  #show() {
    for (const [index, [x, y]] of this.corners.entries()) {
      this.handles[index].style.left = `${100 * x}%`;
      this.handles[index].style.top = `${100 * y}%`;
    }
    this.outline.setAttribute("points", this.corners.map(([x, y]) => `${100 * x},${100 * y}`).join(" "));
  }
}

/** A picture as JPEG, no side of it longer than `most` pixels. @param {ImageBitmap} bitmap @param {number} most @returns {Promise<Blob | null>} */
function jpegOf(bitmap, most) {
  const scale = Math.min(1, most / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const encode = (/** @type {BlobCallback} */ done) => canvas.toBlob(done, "image/jpeg", 0.92);
  return new Promise(encode).finally(() => (canvas.width = canvas.height = 0)); // its memory goes at once
}
