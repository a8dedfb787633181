// A group of buttons is one stop of the Tab key; arrows, Home and End move within it (WAI-ARIA, roving tabindex).

const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
const GROUPS = ".bar .group:not(.aids), .palette, .actions";
const CHANGES = { subtree: true, attributes: true, attributeFilter: ["disabled", "hidden", "aria-pressed"] };

/** @param {HTMLElement} element */
export function bindRoving(element) {
  for (const group of /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll(GROUPS))) bind(group);
}

/** @param {HTMLElement} group */
function bind(group) {
  /** @type {HTMLElement | null} */
  let last = null; // the button that had the focus
  let pointing = false;
  let byKeys = false; // how the focus came: after a click the arrows nudge the selection
  const buttons = () => /** @type {HTMLButtonElement[]} */ ([...group.querySelectorAll("button:not(:disabled)")]).filter((each) => !each.closest("[hidden]"));

  const refresh = () => {
    const all = buttons();
    const pressed = all.filter((each) => each.getAttribute("aria-pressed") === "true");
    const stop = all.find((each) => each === document.activeElement) ?? pressed[0] ?? all.find((each) => each === last) ?? all[0];
    for (const each of all) if (each.tabIndex !== (each === stop ? 0 : -1)) each.tabIndex = each === stop ? 0 : -1;
  };

  group.addEventListener("pointerdown", () => {
    pointing = true;
    byKeys = false;
  });
  for (const end of ["pointerup", "pointercancel"]) group.addEventListener(end, () => (pointing = false));
  group.addEventListener("focusin", ({ target }) => {
    byKeys = !pointing;
    last = /** @type {HTMLElement} */ (target);
    refresh();
  });
  group.addEventListener("keydown", (event) => {
    const button = /** @type {HTMLButtonElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !byKeys || !button.matches("button")) return;
    const all = buttons();
    const [at, end] = [all.indexOf(button), all.length - 1];
    const to = event.key === "Home" ? 0 : event.key === "End" ? end : STEPS[event.key] && at + STEPS[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all[Math.min(Math.max(to, 0), end)].focus();
  });
  new MutationObserver(refresh).observe(group, CHANGES);
  refresh();
}
