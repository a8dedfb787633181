// The seed of the picture: a slider, and four seeds side by side to choose from.

const COUNT = 4;
const SEEDS = 99; // the slider's 1..99; 0 is the picture without chance

export class Variations {
  /** `generate(variation)` resolves to a Blob. */
  constructor(element, store, generate, tell) {
    this.store = store;
    this.generate = generate;
    this.tell = tell;
    this.slider = element.querySelector("[data-control=variation]");
    this.output = element.querySelector("[data-shows=variation]");
    this.place = element.querySelector(".variations");
    this.slider.addEventListener("input", () => store.set({ variation: Number(this.slider.value) || null }));
    store.subscribe(({ committed, chosen }) => {
      if (committed) this.place.replaceChildren(); // they show a drawing that is no more
      if (chosen) this.#show();
    });
    this.place.parentElement.addEventListener("keydown", (event) => event.key === "Escape" && this.place.replaceChildren());
    this.#show();
  }

  #show() {
    const seed = this.store.choice.variation ?? 0;
    this.slider.value = seed;
    this.output.textContent = seed || "off";
    for (const button of this.place.children) button.setAttribute("aria-pressed", String(Number(button.dataset.seed) === seed));
  }

  /** Lay four seeds over the photo to choose from; where they lie there, take them away. */
  async offer() {
    if (this.place.childElementCount) return this.place.replaceChildren();
    this.tell("Choose one of the four; Esc keeps the photo as it was.");
    const seeds = new Set();
    while (seeds.size < COUNT) seeds.add(1 + Math.floor(Math.random() * SEEDS));
    const buttons = [...seeds].map((seed) => this.#button(seed));
    this.place.replaceChildren(...buttons);
    try {
      buttons[0].focus();
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

  #button(seed) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", title: `Variation ${seed}` });
    button.dataset.seed = seed;
    button.setAttribute("aria-label", `Variation ${seed}`);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      this.place.replaceChildren();
      this.store.set({ variation: seed });
      this.tell(`Variation ${seed}.`);
    });
    return button;
  }
}
