// The panes beside the drawing: the generated picture, swapped only when decoded, and the target where there is one.

export class Pictures {
  constructor(element) {
    const find = (selector) => element.querySelector(selector);
    this.generated = find("canvas.generated");
    this.time = find(".time");
    this.target = find("img.target");
    this.compared = find("img.compared");
    this.none = find(".none");
    this.compareButton = find("[data-action=compare]");
    this.caption = find("[data-shows=generated]");
    this.newest = 0;
    this.shown = 0;
    for (const held of [this.compareButton, find("[data-pane=generated]")]) this.#holdOn(held);
  }

  /** Show an encoded picture (Blob). One that is decoded after a newer one is dropped. */
  async show(blob, milliseconds) {
    const number = ++this.newest;
    const bitmap = await createImageBitmap(blob);
    if (number < this.shown) return;
    this.shown = number;
    const { generated } = this;
    if (generated.width !== bitmap.width) [generated.width, generated.height] = [bitmap.width, bitmap.height];
    generated.getContext("2d").drawImage(bitmap, 0, 0);
    generated.dataset.picture = number;
    this.time.textContent = `${Math.round(milliseconds)} ms`;
  }

  /** `url` of the target's photo, or null for a free drawing. */
  async showTarget(url) {
    if (this.url === url) return;
    this.url = url;
    if (url) await decoded(url).catch(() => {});
    if (this.url !== url) return; // another one was wanted meanwhile
    for (const image of [this.target, this.compared]) {
      if (url) image.src = url;
      else image.removeAttribute("src");
    }
    this.target.hidden = !url;
    this.none.hidden = !!url;
    this.compareButton.disabled = !url;
  }

  /** Lay the target over the generated picture, or take it away. */
  compare(on) {
    this.compared.hidden = !(on && this.url);
    this.caption.textContent = this.compared.hidden ? "Generated" : "Target";
  }

  #holdOn(held) {
    held.addEventListener("pointerdown", () => this.compare(true));
    for (const end of ["pointerup", "pointerleave", "pointercancel"]) held.addEventListener(end, () => this.compare(false));
    held.addEventListener("keydown", (event) => [" ", "Enter"].includes(event.key) && this.compare(true));
    held.addEventListener("keyup", () => this.compare(false));
  }
}

function decoded(url) {
  const image = new Image();
  image.src = url;
  return image.decode();
}
