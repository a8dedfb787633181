// A tour of four steps, twenty seconds for who reads them; it starts when asked for, and Esc or Skip ends it.

/** Each step: what it is about (the first of these that is to be seen), and what it says. @type {[string[], string][]} */
const STEPS = [
  [[".input .pane"], "This is your drawing. Drag on it: what you choose appears, and the photo follows while you drag."],
  [[".dock [data-sheet=classes]", ".palette"], "Here you choose what to paint: windows, doors, balconies, the sky."],
  [["#sheet-look", ".dock [data-sheet=look]"], "Here the wall and the sky get their colours."],
  [["#sheet-start", ".dock [data-sheet=start]"], "Start anew here, from an example or an empty wall. Your drawings are kept in this browser."],
];

export class Tour {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.card = /** @type {HTMLElement} */ (element.querySelector(".tour"));
    this.step = 0;
    /** @type {HTMLElement | null} */
    this.shown = null;
    this.card.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.end();
    });
  }

  start() {
    for (const dialog of this.element.querySelectorAll("dialog[open]")) /** @type {HTMLDialogElement} */ (dialog).close();
    this.#show(0);
  }

  next() {
    if (this.step + 1 < STEPS.length) this.#show(this.step + 1);
    else this.end();
  }

  end() {
    this.card.hidden = true;
    this.shown?.removeAttribute("data-toured");
    /** @type {HTMLElement} */ (this.element.querySelector(".overlay")).focus({ preventScroll: true });
  }

  /** @param {number} step */
  #show(step) {
    this.step = step;
    this.shown?.removeAttribute("data-toured");
    const [places, text] = STEPS[step];
    const found = places.map((place) => /** @type {HTMLElement} */ (this.element.querySelector(place)));
    this.shown = found.find((place) => place?.getClientRects().length) ?? found[0];
    this.shown.setAttribute("data-toured", "");
    const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (this.card.querySelector(selector));
    find("p").textContent = text;
    find("output").textContent = `${step + 1} of ${STEPS.length}`;
    find("[data-action=tour-next]").textContent = step + 1 < STEPS.length ? "Next" : "Done";
    this.card.hidden = false;
    this.#place(this.shown.getBoundingClientRect());
    find("[data-action=tour-next]").focus({ preventScroll: true });
  }

  /** Put the card where it covers nothing of what it is about: beside, below or above it. @param {DOMRect} box */
  #place({ left, right, top, bottom }) {
    const { offsetWidth: width, offsetHeight: height } = this.card;
    const bounded = (/** @type {number} */ value, /** @type {number} */ most) => Math.min(Math.max(value, 8), most - 8);
    const [x, y] = right + width + 24 < innerWidth ? [right + 16, top] : bottom + height + 24 < innerHeight ? [left, bottom + 16] : [left, top - height - 16];
    this.card.style.left = `${bounded(x, innerWidth - width)}px`;
    this.card.style.top = `${bounded(y, innerHeight - height)}px`;
  }
}
