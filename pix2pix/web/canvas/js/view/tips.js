// What each class is: a line of words, and a small facade on which it alone has its colour.

const LONG_PRESS = 450; // milliseconds

/** @type {Record<string, string>} */
const TOLD = {
  sky: "All that is no building: the sky above it, and what stands beside it.",
  wall: "The plain wall between everything else.",
  window: "A pane with its frame.",
  door: "A door or a gate.",
  cornice: "The ornament above a window, like a small roof.",
  sill: "The ledge below a window.",
  balcony: "A balcony with its railing.",
  blind: "A shutter or blind at a window.",
  deco: "An ornament on the wall: a relief, a painting, a sign.",
  molding: "A band across the whole facade, between storeys or below the roof.",
  pillar: "A column or a pilaster, from storey to storey.",
  shop: "A shop window on the ground floor.",
};

/** The small facade: [class, x, y, width, height], back to front, on 44 × 44. @type {[string, number, number, number, number][]} */
const SCENE = [
  ["sky", 0, 0, 44, 44], ["wall", 4, 8, 36, 36], ["molding", 2, 6, 40, 4], ["molding", 4, 25, 36, 3],
  ["pillar", 4, 10, 3, 15], ["pillar", 37, 10, 3, 15], ["cornice", 9, 11, 8, 2], ["window", 10, 13, 6, 8], ["sill", 9, 21, 8, 2],
  ["blind", 21, 13, 2, 7], ["window", 23, 13, 6, 7], ["blind", 29, 13, 2, 7], ["balcony", 20, 20, 12, 4], ["deco", 33, 14, 3, 6],
  ["door", 8, 32, 7, 12], ["deco", 19, 29, 19, 2], ["shop", 19, 32, 19, 12],
];

/** Show what a class is at its button while that has the pointer or the focus, and after a long press. @param {HTMLElement} element @param {{name: string, rgb: number[]}[]} classes */
export function bindTips(element, classes) {
  const tip = /** @type {HTMLElement} */ (element.querySelector(".tip"));
  const hide = () => (tip.hidden = true);
  classes.forEach(({ name, rgb }, index) => {
    const button = /** @type {HTMLElement} */ (element.querySelector(`[data-label="${index}"]`));
    if (!TOLD[name]) return;
    button.setAttribute("aria-description", TOLD[name]);
    const show = () => {
      tip.innerHTML = `${pictureOf(name, rgb)}<span><b>${name}</b> ${TOLD[name]}</span>`;
      tip.hidden = false;
      placeAt(tip, button.getBoundingClientRect());
    };
    button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && show());
    button.addEventListener("focus", () => button.matches(":focus-visible") && show());
    button.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hide());
    for (const end of ["blur", "click"]) button.addEventListener(end, hide);
    button.addEventListener("keydown", (event) => event.key === "Escape" && hide());
    bindLongPress(button, show);
  });
  addEventListener("pointerdown", hide, true);
}

/** Beside a button, or where there is no room above it. @param {HTMLElement} tip @param {DOMRect} button */
function placeAt(tip, { left, right, top, height }) {
  const beside = right + 8 + tip.offsetWidth <= innerWidth;
  tip.style.left = `${beside ? right + 8 : Math.max(8, Math.min(left, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${Math.max(8, beside ? top + height / 2 - tip.offsetHeight / 2 : top - tip.offsetHeight - 8)}px`;
}

/** A finger that rests on a button asks what it is; lifting it then chooses nothing. @param {HTMLElement} button @param {() => void} show */
function bindLongPress(button, show) {
  let timer = 0;
  let asked = false;
  button.addEventListener("pointerdown", (event) => {
    asked = false;
    if (event.pointerType === "mouse") return;
    timer = window.setTimeout(() => {
      asked = true;
      show();
    }, LONG_PRESS);
  });
  for (const end of ["pointerup", "pointercancel"]) button.addEventListener(end, () => clearTimeout(timer));
  button.addEventListener("contextmenu", (event) => asked && event.preventDefault());
  button.addEventListener("click", (event) => asked && event.stopImmediatePropagation(), true);
}

/** @param {string} name @param {number[]} rgb */
function pictureOf(name, rgb) {
  const grey = (/** @type {string} */ part) => (part === "sky" ? 236 : part === "wall" ? 214 : 176);
  const parts = SCENE.map(([part, x, y, width, height]) => {
    const fill = part === name ? `rgb(${rgb})` : `rgb(${Array(3).fill(grey(part))})`;
    return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" stroke="none"/>`;
  });
  return `<svg viewBox="0 0 44 44" aria-hidden="true">${parts.join("")}</svg>`;
}
