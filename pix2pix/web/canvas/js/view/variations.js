// The seed of the picture: a slider, and four seeds side by side to choose from.

const COUNT = 4;
const SEEDS = 99; // the slider's 1..99; 0 is the picture without chance

export class Variations {
  /** `generate(variation)` resolves to a Blob; `changed()` is called when another seed was chosen. */
  constructor(element, generate, changed, tell) {
    Object.assign(this, { generate, changed, tell });
    this.slider = element.querySelector("[data-control=variation]");
    this.output = element.querySelector("[data-shows=variation]");
    this.place = element.querySelector(".variations");
    this.slider.addEventListener("input", () => this.#chosen(Number(this.slider.value)));
  }

  /** The seed, or null for the picture without chance. */
  get seed() {
    return Number(this.slider.value) || null;
  }

  choose(seed) {
    this.slider.value = seed;
    this.output.textContent = seed || "off";
    for (const button of this.place.children) button.setAttribute("aria-pressed", String(Number(button.dataset.seed) === seed));
  }

  async offer() {
    const seeds = new Set();
    while (seeds.size < COUNT) seeds.add(1 + Math.floor(Math.random() * SEEDS));
    const buttons = [...seeds].map((seed) => this.#button(seed));
    this.place.replaceChildren(...buttons);
    try {
      for (const button of buttons) {
        const image = document.createElement("img");
        image.alt = "";
        image.src = URL.createObjectURL(await this.generate(Number(button.dataset.seed)));
        await image.decode();
        URL.revokeObjectURL(image.src);
        button.append(image);
      }
    } catch {
      this.tell("The variations could not be painted just now.", "warning");
    }
  }

  /** Take back what was offered: it shows a drawing that is no more. */
  clear() {
    this.place.replaceChildren();
  }

  #chosen(seed) {
    this.choose(seed);
    this.changed();
  }

  #button(seed) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", title: `Variation ${seed}` });
    button.dataset.seed = seed;
    button.setAttribute("aria-label", `Variation ${seed}`);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => this.#chosen(seed));
    return button;
  }
}
