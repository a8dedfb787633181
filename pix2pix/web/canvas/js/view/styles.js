// The named styles of the model, as a row of small photos of this drawing in each of them.

const REST = 800; // milliseconds without a change before they are painted: the photo itself comes first

export class Styles {
  /**
   * `generate(style, signal)` resolves to a Blob.
   * @param {HTMLElement} element
   * @param {import("../model/store.js").Store} store
   * @param {(style: string, signal: AbortSignal) => Promise<Blob>} generate
   */
  constructor(element, store, generate) {
    this.store = store;
    this.generate = generate;
    this.row = /** @type {HTMLElement} */ (element.querySelector("[data-styles]"));
    this.place = /** @type {HTMLElement} */ (this.row.querySelector(".styles"));
    this.stopper = new AbortController();
    this.timer = 0;
    this.stale = true; // whether the photos show something that is no more
    store.subscribe(({ painted, committed, chosen }) => {
      if (chosen) this.#list();
      if (painted || committed || chosen) this.#outdate(); // while one drags, the processor is the photo's
    });
    // On a phone they lie in a sheet: nothing is painted for nobody.
    new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && this.#paintSoon()).observe(this.row);
    this.#list();
  }

  /** One button a style, where the model or the choice changed. */
  #list() {
    const { styles, style, variation } = this.store.choice;
    const names = JSON.stringify(styles);
    if (this.row.dataset.styles !== names) {
      this.row.dataset.styles = names;
      this.row.hidden = !styles.length;
      this.place.replaceChildren(...styles.map((name) => this.#button(name)));
    }
    const current = style ?? (variation ? null : styles[0]); // a variation without a style is near any of them
    for (const button of this.#buttons) button.setAttribute("aria-pressed", String(button.dataset.style === current));
  }

  get #buttons() {
    return /** @type {HTMLElement[]} */ ([...this.place.children]);
  }

  #button(name) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.style = name;
    const image = document.createElement("img");
    image.alt = "";
    const caption = document.createElement("span");
    caption.textContent = name;
    button.append(image, caption);
    button.addEventListener("click", () => this.store.set({ style: name }));
    return button;
  }

  #outdate() {
    this.stale = true;
    this.stopper.abort();
    this.#paintSoon();
  }

  #paintSoon() {
    clearTimeout(this.timer);
    if (this.stale && this.row.checkVisibility()) this.timer = setTimeout(() => this.#paint(), REST);
  }

  async #paint() {
    const { signal } = (this.stopper = new AbortController());
    try {
      for (const button of this.#buttons) {
        const url = URL.createObjectURL(await this.generate(/** @type {string} */ (button.dataset.style), signal));
        if (signal.aborted) return URL.revokeObjectURL(url);
        const image = /** @type {HTMLImageElement} */ (button.firstChild);
        image.src = url;
        await image.decode().catch(() => {});
        URL.revokeObjectURL(url);
      }
      this.stale = false;
    } catch {
      // A change gave them up, or the server is busy: the next change paints them.
    }
  }
}
