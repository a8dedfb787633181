// What buttons and keys can do, each registered once: its title, keys and icon, and what it does with the page.
//
// Markup names an action (`data-action`, `data-tool`); title, icon and accessible name are put in place from here, and
// so are the keys of the help sheet. Keys are KeyboardEvent.key in lower case; Ctrl is also the Command key.

import { sentence } from "./status.js";

const SNAP = 8; // pixels: the grid that G turns on
const MAX_BRUSH = 64; // pixels
const SHOWN = { ctrl: "Ctrl", shift: "Shift", delete: "Del", arrowleft: "Left", arrowright: "Right", arrowup: "Up", arrowdown: "Down" };

const svg = (content) => `<svg viewBox="0 0 20 20">${content}</svg>`;

const tool = (name, title, keys, icon, more) => ({ title, keys, icon: svg(icon), run: ({ studio }) => studio.set({ tool: name }), ...more });

const repeat = (direction, title, icon) => ({
  title,
  keys: [`ctrl+arrow${direction}`],
  icon,
  needsSelection: true,
  run({ studio, number, tell }) {
    if (!studio.selection) return;
    const copies = studio.repeat(direction, number("count"), number("gap") ?? 0);
    if (!copies) tell("There is no room for a copy in that direction.");
  },
});

export const ACTIONS = {
  rectangle: tool("rectangle", "Rectangle", ["r"], '<rect x="3.5" y="5" width="13" height="10"/>'),
  brush: tool("brush", "Brush", ["b"], '<path d="M16.5 3.5 9 11M8.6 10.6c-2.2-.4-3.8 1-4 2.9-.1 1.4-.6 2.4-1.6 3 3.4.4 7-.3 7.3-3.6.1-1-.6-2-1.7-2.3z"/>'),
  line: tool("line", "Straight line", ["l"], '<path d="M4 16 16 4"/>'),
  fill: tool("fill", "Fill an area", ["f"], '<path d="m8.5 3 7 7-6.5 6.5-6-6L9 4.5M3.5 10.5h11M17 13c1 1.4 1.2 3 0 3s-1-1.6 0-3z"/>'),
  pick: tool("pick", "Pick a class from the drawing", ["i"], '<path d="m11 6 3 3M12.5 7.5 5.5 14.5 3.5 16.5M5 15l-1-1 7-7M13 7l2.5-2.5a1.4 1.4 0 0 0-2-2L11 5z"/>', { also: "hold Alt" }),
  eraser: tool("eraser", "Eraser", ["e"], '<path d="m11 4 5.5 5.5-6.5 6.5H7l-3.5-3.5zM7.5 7.5l5.5 5.5M10 16h7"/>'),
  select: tool("select", "Select, move, repeat", ["s", "v"], '<rect x="3.5" y="4.5" width="13" height="11" stroke-dasharray="2.6 2"/>'),

  mirror: {
    title: "Mirror painting",
    keys: ["m"],
    icon: svg('<path d="M10 3v14" stroke-dasharray="2 2"/><path d="M7.5 6v8L3 14zM12.5 6v8l4.5 0z"/>'),
    run: ({ studio }) => studio.set({ mirror: !studio.settings.mirror }),
  },
  snap: { title: "Snap to a grid", keys: ["g"], run: ({ studio }) => studio.set({ grid: studio.grid > 1 ? 1 : SNAP }) },
  thinner: { title: "Thinner", keys: ["["], run: ({ studio }) => studio.set({ size: Math.max(1, studio.size - (studio.size > 8 ? 4 : 1)) }) },
  thicker: { title: "Thicker", keys: ["]"], run: ({ studio }) => studio.set({ size: Math.min(MAX_BRUSH, studio.size + (studio.size >= 8 ? 4 : 1)) }) },

  undo: { title: "Undo", keys: ["ctrl+z"], icon: svg('<path d="M7 4 3.5 7.5 7 11M4 7.5h7.5a4.5 4.5 0 0 1 0 9H8"/>'), run: ({ studio }) => studio.undo() },
  redo: { title: "Redo", keys: ["ctrl+shift+z", "ctrl+y"], icon: svg('<path d="m13 4 3.5 3.5L13 11M16 7.5H8.5a4.5 4.5 0 0 0 0 9H12"/>'), run: ({ studio }) => studio.redo() },
  clear: { title: "Clear to an empty wall; undo brings it back", run: ({ studio }) => studio.clear() },

  duplicate: { title: "Duplicate", keys: ["ctrl+d"], also: "drag with Alt", run: ({ studio }) => studio.duplicate() },
  flip: { title: "Mirror the selection", keys: ["h"], run: ({ studio }) => studio.flip() },
  remove: { title: "Delete", keys: ["delete", "backspace"], run: ({ studio }) => studio.remove() },
  "select-all": { title: "Select everything", keys: ["ctrl+a"], run: ({ studio }) => studio.selectAll() },
  "repeat-left": repeat("left", "Repeat to the left", "←"),
  "repeat-right": repeat("right", "Repeat to the right", "→"),
  "repeat-up": repeat("up", "Repeat upwards", "↑"),
  "repeat-down": repeat("down", "Repeat downwards", "↓"),

  shares: { title: "Show how much of the drawing each class covers", run: ({ studio }) => studio.set({ shares: !studio.settings.shares }) },
  random: { title: "A new facade at each press", keys: ["n"], run: ({ sources }) => sources.random() },
  empty: { title: "Start from a wall with nothing on it", run: ({ sources }) => sources.empty() },
  upload: { title: "A label image of any size; you can also drop or paste one", run: ({ find }) => find("input[type=file]").click() },

  compare: { title: "Hold to see the target", keys: ["c"], hold: ({ pictures }, on) => pictures.compare(on) },
  variations: { title: "The same drawing painted with four other seeds", run: ({ variations }) => variations.offer() },
  refine: { title: "This machine is too slow to refine every picture: refine this one", run: ({ painter }) => painter.refiner.ask() },

  "save-labels": { title: "Download the label image as PNG", run: ({ exporter }) => exporter.saveLabels() },
  "save-photo": { title: "Download the generated photo as PNG", run: ({ exporter }) => exporter.savePhoto() },
  "save-sheet": { title: "Download input, generated and target side by side", run: ({ exporter }) => exporter.saveSheet() },
  "copy-photo": { title: "Copy the generated photo", run: ({ exporter }) => exporter.copyPhoto() },
  "copy-link": { title: "Copy a link that carries this drawing", run: ({ exporter }) => exporter.copyLink() },

  help: {
    title: "Help and keys",
    keys: ["?"],
    icon: "?",
    run({ find }) {
      const dialog = find("dialog.help");
      dialog.showModal(); // it focuses Close, at its foot
      dialog.scrollTop = 0;
    },
  },
};

const BY_KEY = new Map(Object.entries(ACTIONS).flatMap(([name, { keys = [] }]) => keys.map((key) => [key, name])));

/** The name of the action that a key event asks for, or undefined. */
export function actionOf({ key, ctrlKey = false, metaKey = false, shiftKey = false }) {
  const chord = ctrlKey || metaKey ? `ctrl+${shiftKey ? "shift+" : ""}` : "";
  return BY_KEY.get(chord + key.toLowerCase());
}

/** "ctrl+shift+z" -> ["Ctrl", "Shift", "Z"]. */
const shownKeys = (keys) => keys.split("+").map((key) => SHOWN[key] ?? key.toUpperCase());

/** A function (name) that runs an action with what `page` holds, and tells when it fails; (name, false) ends a held one. */
export function actions(page) {
  return async (name, on = true) => {
    const { run, hold } = ACTIONS[name];
    try {
      await (hold ? hold(page, on) : run(page));
    } catch (error) {
      page.tell(error.again === undefined ? "This did not work; is the connection there?" : sentence(error.message), "warning");
    }
  };
}

/** Bind all buttons below `element` to their actions, and say what they do, by which keys. */
export function bindActions(element, act) {
  for (const button of element.querySelectorAll("[data-action], [data-tool]")) {
    const name = button.dataset.action ?? button.dataset.tool;
    const { icon, title, hold } = ACTIONS[name];
    if (icon) {
      button.innerHTML = icon;
      button.setAttribute("aria-label", title);
    }
    describe(button, ACTIONS[name]);
    if (!hold) button.addEventListener("click", () => act(name));
  }
  for (const field of element.querySelectorAll("[data-titled]")) describe(field, ACTIONS[field.dataset.titled]);
  for (const place of element.querySelectorAll("[data-keys]")) {
    const keys = place.dataset.keys.split(" ").map((name) => ACTIONS[name].keys[0]);
    place.innerHTML = keys.map(keyboardMarkup).join(keys.some((key) => key.includes("+")) ? ", " : " ");
  }
}

function describe(element, { title, keys = [], also }) {
  const ways = [keys.length && shownKeys(keys[0]).join("+"), also].filter(Boolean).join(", or ");
  element.title = ways ? `${title} (${ways})` : title;
}

const keyboardMarkup = (keys) => shownKeys(keys).map((key) => `<kbd>${key}</kbd>`).join(" ");
