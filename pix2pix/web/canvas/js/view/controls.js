// The bar and the palette: buttons show what the studio is set to, and set it.

import { sharesOf } from "../model/drawing.js";

const NUMBERS = ["label", "eraser", "size", "grid"];

export function bindControls(element, studio) {
  const all = (selector) => [...element.querySelectorAll(selector)];
  const control = (name) => element.querySelector(`[data-control=${name}]`);

  for (const button of all("[data-label]")) button.addEventListener("click", () => studio.set({ label: Number(button.dataset.label) }));
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
      if (part.dataset.needs) for (const field of part.querySelectorAll("button")) field.disabled = field.dataset.action === "paste" ? !studio.clipboard : !selection;
    }
    for (const name of ["mirror", "shares"]) press(element.querySelector(`[data-action=${name}]`), settings[name]);
    for (const name of NUMBERS) if (control(name)) control(name).value = settings[name];
    element.querySelector("[data-shows=size]").textContent = settings.size;
    element.querySelector("[data-action=undo]").disabled = !history.canUndo;
    element.querySelector("[data-action=redo]").disabled = !history.canRedo;
  }

  /** Show shares in the place of the keys, or the keys. */
  function showShares() {
    const shares = studio.settings.shares && sharesOf(studio.drawing, all("[data-label]").length);
    for (const button of all("[data-label]")) {
      button.querySelector("kbd").textContent = shares ? percent(shares[button.dataset.label]) : button.getAttribute("aria-keyshortcuts");
    }
  }

  let shown = studio.settings.shares;
  studio.subscribe(({ painted }) => {
    if (!painted || !studio.gesture) refresh(); // within a drag only the pixels change
    if (painted ? studio.settings.shares : shown !== studio.settings.shares) showShares();
    shown = studio.settings.shares;
  });
  refresh();
}

const percent = (share) => (share > 0 && share < 0.01 ? "<1%" : `${Math.round(100 * share)}%`);

const press = (button, on) => button.setAttribute("aria-pressed", String(on));
