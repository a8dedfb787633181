// The panes beside the drawing: the generated picture, swapped only when decoded, and the target where there is one.

import { LIVE_ONLY } from "../net/painting.js";

/** Where a picture was painted: in a word, for phones have little room, and told whole. */
const PLACES = { server: ["server", "Painted by the server"], browser: ["here", "Painted in your browser"] };
const FADE = 120; // milliseconds from the live picture to the refined one

export class Pictures {
  constructor(element) {
    const find = (selector) => element.querySelector(selector);
    this.page = find(".studio");
    this.generated = find("canvas.generated");
    this.time = find(".time");
    this.refineButton = find("[data-action=refine]");
    this.target = find("img.target");
    this.compared = find("img.compared");
    this.truth = find("figure.truth");
    this.pane = find("[data-pane=generated]");
    this.compareButton = find("[data-action=compare]");
    this.targetCaption = find("[data-shows=target]");
    this.caption = find("[data-shows=generated]");
    this.newest = 0;
    this.shown = 0;
    this.pane.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.pane.hasAttribute("data-full")) this.enlarge();
    });
    for (const held of [this.compareButton, this.pane]) this.#holdOn(held);
  }

  /**
   * Show a picture (Blob or ImageData); one that is decoded after a newer one is dropped. `painter` says who painted it
   * where there are two, "live", LIVE_ONLY or "refined", and is empty where there is one; `by` where it was painted, "server" or
   * "browser", where there are both.
   */
  async show(picture, milliseconds, painter = "", by = "") {
    const number = ++this.newest;
    const bitmap = await createImageBitmap(picture);
    if (number < this.shown) return;
    this.shown = number;
    const { generated } = this;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (generated.width !== bitmap.width) [generated.width, generated.height] = [bitmap.width, bitmap.height];
    else if (painter === "refined" && !calm && !(await this.#fade(bitmap, number))) return;
    generated.getContext("2d").drawImage(bitmap, 0, 0);
    generated.dataset.painter = painter;
    generated.dataset.picture = number;
    const time = painter === LIVE_ONLY ? "" : `${Math.round(milliseconds)} ms`; // leaves its place to the button
    const [place, told] = PLACES[by] ?? ["", ""];
    this.time.textContent = [painter, time, place].filter(Boolean).join(" · ");
    this.time.title = told;
    this.page.dataset.by = by;
    this.refineButton.hidden = painter !== LIVE_ONLY;
  }

  /** The same drawing was asked to be refined. */
  awaitRefined() {
    this.time.textContent = "refining…";
    this.refineButton.hidden = true;
  }

  /** Cross-fade to a bitmap; resolves to whether no newer picture came meanwhile. */
  async #fade(bitmap, number) {
    const context = this.generated.getContext("2d");
    const started = performance.now();
    for (let covered = 0; ; ) {
      const share = ((await frame()) - started) / FADE;
      if (number !== this.shown) return false;
      if (share >= 1) return true;
      if (share <= covered) continue;
      context.globalAlpha = (share - covered) / (1 - covered); // over what earlier frames left of the old picture
      context.drawImage(bitmap, 0, 0);
      context.globalAlpha = 1;
      covered = share;
    }
  }

  /** `url` of the target, which is a "photo" or "drawn"; null for a free drawing. */
  async showTarget(url, kind) {
    if (this.url === url) return;
    this.url = url;
    if (url) await decoded(url).catch(() => {});
    if (this.url !== url) return; // another one was wanted meanwhile
    for (const image of [this.target, this.compared]) {
      if (url) image.src = url;
      else image.removeAttribute("src");
    }
    this.target.alt = kind === "drawn" ? "Target: drawn, not a photo" : "Target: the true photo of this facade";
    this.compared.alt = this.target.alt;
    this.targetCaption.textContent = kind === "drawn" ? "Target, drawn" : "Target";
    this.target.hidden = !url;
    this.truth.hidden = !url; // its place goes to the other panes
    this.page.dataset.panes = url ? "3" : "2";
    this.compareButton.disabled = !url;
  }

  /** Lay the target over the generated picture, or take it away. */
  compare(on) {
    this.compared.hidden = !(on && this.url);
    this.caption.textContent = this.compared.hidden ? "Generated" : "Target";
  }

  /** Show the photo over the whole screen, or end that. */
  async enlarge() {
    const { pane } = this;
    if (document.fullscreenElement) return document.exitFullscreen();
    if (pane.hasAttribute("data-full")) return pane.removeAttribute("data-full");
    // Phones of Apple's allow that for films alone: then the pane lies over the page.
    await (pane.requestFullscreen?.() ?? Promise.reject()).catch(() => pane.setAttribute("data-full", ""));
  }

  #holdOn(held) {
    held.addEventListener("pointerdown", (event) => this.compare(!event.target.closest?.(".corner, .variations")));
    for (const end of ["pointerup", "pointerleave", "pointercancel"]) held.addEventListener(end, () => this.compare(false));
    held.addEventListener("keydown", (event) => event.target === this.compareButton && [" ", "Enter"].includes(event.key) && this.compare(true));
    held.addEventListener("keyup", () => this.compare(false));
  }
}

const frame = () => new Promise(requestAnimationFrame);

function decoded(url) {
  const image = new Image();
  image.src = url;
  return image.decode();
}
