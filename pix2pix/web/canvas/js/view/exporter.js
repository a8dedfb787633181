// What people take with them: the drawing, the photo, both beside the target, and a link.

import { fragmentOf } from "../model/link.js";
import { withFacts } from "../model/png.js";

const GAP = 8; // pixels between the pictures of a sheet
const SHEET_COLOUR = "#ffffff";

export class Exporter {
  /** `photo()` resolves to the generated picture as a lossless PNG Blob. */
  constructor(element, store, photo, tell, version = "") {
    this.version = version;
    this.element = element;
    this.store = store;
    this.photo = photo;
    this.tell = tell;
    this.labels = element.querySelector("canvas.labels");
    this.target = element.querySelector("img.target");
    const shares = !!navigator.share && matchMedia("(pointer: coarse)").matches; // elsewhere a link goes through the clipboard
    for (const [name, hidden] of [["share", !shares], ["copy-link", shares]]) element.querySelector(`[data-action=${name}]`).hidden = hidden;
  }

  async saveLabels() {
    await this.#save(await pngOf(this.labels), "facade-input.png");
  }

  async savePhoto() {
    await this.#save(await this.photo(), "facade-generated.png");
  }

  async saveSheet() {
    const pictures = [this.labels, await createImageBitmap(await this.photo())];
    if (!this.target.hidden) pictures.push(this.target);
    await this.#save(await pngOf(sideBySide(pictures, this.labels.width)), "facade-sheet.png");
  }

  /** Save a PNG with what it was made of, so that dropped on the page it opens again. */
  async #save(blob, name) {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    save(new Blob([/** @type {BlobPart} */ (withFacts(bytes, await this.#facts()))], { type: "image/png" }), name);
    this.tell(`Saved ${name}; dropped on this page, it opens again.`);
  }

  async #facts() {
    const { model, variation: seed, wall, sky, style } = this.store.choice;
    const drawing = await fragmentOf(this.store.request.labels, this.store.choice);
    return { program: "pix2pix", version: this.version, model, seed, wall, sky, style, drawing };
  }

  async copyPhoto() {
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": this.photo() })]);
      this.tell("Copied the photo.");
    } catch {
      this.tell("The browser did not allow copying; save the photo instead.", "warning");
    }
  }

  /** With the apps of a phone: the photo, and a link where the drawing fits into one. */
  async share() {
    const url = (await this.#link()) ?? undefined;
    const files = [new File([await this.photo()], "facade-generated.png", { type: "image/png" })];
    try {
      await navigator.share(navigator.canShare?.({ files }) ? { files, url } : { url });
      this.tell("Shared.");
    } catch (error) {
      if (error.name !== "AbortError") await this.copyLink();
    }
  }

  async #link() {
    const fragment = await fragmentOf(this.store.request.labels, this.store.choice);
    return fragment && location.origin + location.pathname + location.search + fragment;
  }

  async copyLink() {
    const link = await this.#link();
    if (!link) return this.tell("This drawing is too intricate for a link; save it as an image instead.", "warning");
    try {
      await navigator.clipboard.writeText(link);
      this.tell("Copied a link that opens this drawing.");
    } catch {
      const dialog = this.element.querySelector("dialog.link");
      dialog.querySelector("input").value = link;
      dialog.showModal();
      dialog.querySelector("input").select();
    }
  }
}

export function pngOf(canvas) {
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function sideBySide(pictures, side) {
  const sheet = document.createElement("canvas");
  [sheet.width, sheet.height] = [pictures.length * (side + GAP) - GAP, side];
  const context = /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d"));
  context.fillStyle = SHEET_COLOUR;
  context.fillRect(0, 0, sheet.width, sheet.height);
  pictures.forEach((picture, at) => context.drawImage(picture, at * (side + GAP), 0, side, side));
  return sheet;
}

export function save(blob, name) {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(blob);
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 60_000);
}
