// The colours of wall and sky: each automatic, one of a few that facades have, or any other.

const NOT_TAKEN = "not with this model";

const swatchesOf = (field) => [...field.querySelectorAll("[type=radio]")];

/** The colours that the markup has checked: {wall, sky}, "#rrggbb" each, or null: automatic. */
export function defaultColours(element) {
  const fields = [...element.querySelectorAll("[data-colour]")];
  const checked = (field) => swatchesOf(field).find((swatch) => swatch.defaultChecked).value || null;
  return Object.fromEntries(fields.map((field) => [field.dataset.colour, checked(field)]));
}

/** Bind the fields of all colours to the store. */
export function bindColours(element, store) {
  for (const field of element.querySelectorAll("[data-colour]")) new ColourField(field, store);
}

class ColourField {
  constructor(field, store) {
    this.field = field;
    this.swatches = swatchesOf(field);
    this.other = field.querySelector("[type=color]");
    this.output = field.querySelector("output");
    for (const swatch of this.swatches) swatch.style.setProperty("--swatch", swatch.value);
    for (const input of [...this.swatches, this.other]) {
      input.addEventListener("input", () => store.set({ [field.dataset.colour]: input.value || null }));
    }
    const show = () => this.#show(store.choice[field.dataset.colour], store.choice.takesColours);
    store.subscribe(({ chosen }) => chosen && show());
    show();
  }

  /** Show the chosen colour, and let people choose, or say that the model takes no colours. */
  #show(colour, taken) {
    for (const swatch of this.swatches) swatch.checked = swatch.value === (colour ?? "");
    if (colour) this.other.value = colour; // another one starts from there
    this.other.style.setProperty("--swatch", colour);
    this.field.disabled = !taken;
    const swatch = this.swatches.find(({ checked }) => checked);
    this.other.toggleAttribute("data-chosen", !swatch);
    this.output.textContent = taken ? (swatch?.title ?? colour) : NOT_TAKEN;
  }
}
