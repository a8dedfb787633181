// On a phone, what is not needed at every stroke lies in sheets above the dock; one is open at a time.

/** @import { Studio } from "../model/studio.js" */

/** @param {HTMLElement} element @param {Studio} studio @param {{name: string, rgb: number[]}[]} classes */
export function bindSheets(element, studio, classes) {
  const tabs = /** @type {HTMLButtonElement[]} */ ([...element.querySelectorAll("[data-sheet]")]);
  const overlay = /** @type {HTMLElement} */ (element.querySelector(".overlay"));
  const page = /** @type {HTMLElement} */ (element.querySelector(".studio"));
  const open = (/** @type {string} */ name) => {
    if (name) page.dataset.open = name;
    else delete page.dataset.open;
    for (const tab of tabs) tab.setAttribute("aria-expanded", String(tab.dataset.sheet === name));
  };
  for (const tab of tabs) tab.addEventListener("click", () => open(page.dataset.open === tab.dataset.sheet ? "" : (tab.dataset.sheet ?? "")));
  overlay.addEventListener("pointerdown", () => open(""));
  element.addEventListener("keydown", (event) => {
    const { open: name } = page.dataset;
    if (event.key !== "Escape" || !name) return;
    open("");
    if (/** @type {HTMLElement} */ (event.target).closest(".sheet")) tabs.find((tab) => tab.dataset.sheet === name)?.focus();
    event.preventDefault(); // it is not for the selection too
  });
  // What was chosen is to be seen: a class on the way to the drawing, another drawing itself.
  page.addEventListener("click", (event) => {
    if (/** @type {HTMLElement} */ (event.target).closest("[data-label], [data-example], [data-action=empty], [data-action=upload], [data-action=photo], [data-action=take-photo]")) open("");
  });

  const tab = /** @type {HTMLElement} */ (element.querySelector("[data-sheet=classes]"));
  const show = () => {
    const { name, rgb } = classes[studio.label];
    tab.style.setProperty("--swatch", `rgb(${rgb})`);
    /** @type {HTMLElement} */ (tab.querySelector("span")).textContent = name;
  };
  studio.subscribe(show);
  show();
}
