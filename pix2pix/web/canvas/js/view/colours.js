// The colours of wall and sky: each as it comes, one of a few that facades have, or any other.

const NOT_TAKEN = "not with this model";

export class Colours {
  /** `changed()` is called when another colour was chosen. */
  constructor(element, changed) {
    this.parts = [...element.querySelectorAll("[data-colour]")].map((field) => new Part(field, changed));
  }

  /** {wall, sky}: "#rrggbb" each, or null as it comes. */
  get chosen() {
    return Object.fromEntries(this.parts.map(({ name, colour }) => [name, colour]));
  }

  /** Choose those that are given. */
  choose(colours) {
    for (const part of this.parts) if (part.name in colours) part.choose(colours[part.name]);
  }

  /** Let people choose, or say that the model takes no colours. */
  offer(taken) {
    for (const part of this.parts) part.offer(taken);
  }
}

class Part {
  constructor(field, changed) {
    this.field = field;
    this.name = field.dataset.colour;
    this.swatches = [...field.querySelectorAll("[type=radio]")];
    this.other = field.querySelector("[type=color]");
    this.output = field.querySelector("output");
    for (const swatch of this.swatches) swatch.style.setProperty("--swatch", swatch.value);
    for (const input of [...this.swatches, this.other]) {
      input.addEventListener("input", () => {
        this.choose(input.value || null);
        changed();
      });
    }
    this.choose(this.swatches.find((swatch) => swatch.defaultChecked).value || null);
  }

  choose(colour) {
    this.colour = colour;
    for (const swatch of this.swatches) swatch.checked = swatch.value === (colour ?? "");
    if (colour) this.other.value = colour; // another one starts from there
    this.other.style.setProperty("--swatch", colour);
    this.#show();
  }

  offer(taken) {
    this.field.disabled = !taken;
    this.#show();
  }

  #show() {
    const swatch = this.swatches.find(({ checked }) => checked);
    this.other.toggleAttribute("data-chosen", !swatch);
    this.output.textContent = this.field.disabled ? NOT_TAKEN : (swatch?.title ?? this.colour);
  }
}
