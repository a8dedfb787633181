// The bar and the palette: buttons show what the studio is set to, and set it.

import { sharesOf } from "../model/drawing.js";

const NUMBERS = ["label", "eraser", "size", "grid"];

export function bindControls(element, studio, act) {
  const all = (selector) => [...element.querySelectorAll(selector)];
  const control = (name) => element.querySelector(`[data-control=${name}]`);
  const sharesButton = element.querySelector("[data-action=shares]");

  for (const button of all("[data-tool]")) button.addEventListener("click", () => studio.set({ tool: button.dataset.tool }));
  for (const button of all("[data-label]")) button.addEventListener("click", () => studio.set({ label: Number(button.dataset.label) }));
  for (const button of all("[data-action]")) button.addEventListener("click", () => act(button.dataset.action));
  for (const button of all("[data-repeat]")) button.addEventListener("click", () => act("repeat", button.dataset.repeat));
  for (const name of NUMBERS) {
    control(name)?.addEventListener("input", (event) => studio.set({ [name]: Number(event.target.value) }));
  }

  function refresh() {
    const { settings, selection, history } = studio;
    for (const button of all("[data-tool]")) press(button, button.dataset.tool === settings.tool);
    for (const button of all("[data-label]")) press(button, Number(button.dataset.label) === settings.label);
    for (const part of all("[data-for]")) {
      const needed = part.dataset.for.split(" ").includes(settings.tool);
      part.hidden = !needed;
      if (part.dataset.needs) for (const field of part.querySelectorAll("button, input")) field.disabled = !selection;
    }
    press(element.querySelector("[data-action=mirror]"), settings.mirror);
    for (const name of NUMBERS) if (control(name)) control(name).value = settings[name];
    element.querySelector("[data-shows=size]").textContent = settings.size;
    element.querySelector("[data-action=undo]").disabled = !history.canUndo;
    element.querySelector("[data-action=redo]").disabled = !history.canRedo;
  }

  function showShares() {
    if (sharesButton.getAttribute("aria-pressed") !== "true") return;
    const shares = sharesOf(studio.drawing, all("[data-label]").length);
    for (const button of all("[data-label]")) button.querySelector("kbd").textContent = percent(shares[button.dataset.label]);
  }

  /** Show shares in the place of the keys, or the keys again. */
  function toggleShares() {
    const on = sharesButton.getAttribute("aria-pressed") !== "true";
    press(sharesButton, on);
    element.querySelector(".palette").classList.toggle("shares", on);
    for (const button of all("[data-label]")) button.querySelector("kbd").textContent = button.getAttribute("aria-keyshortcuts");
    showShares();
  }

  studio.subscribe(({ painted }) => {
    if (!painted || !studio.gesture) refresh(); // within a drag only the pixels change
    if (painted) showShares();
  });
  refresh();
  return { toggleShares };
}

const percent = (share) => (share > 0 && share < 0.01 ? "<1%" : `${Math.round(100 * share)}%`);

const press = (button, on) => button.setAttribute("aria-pressed", String(on));
