// What buttons and keys can do, each registered once: its title, keys and icon, and what it does with the page.
//
// Markup names an action (`data-action`, `data-tool`); title, icon and accessible name are put in place from here, and
// so are the keys of the help sheet. Keys are KeyboardEvent.key in lower case; Ctrl is also the Command key.

import { sentence } from "./status.js";

const SNAP = 8; // pixels: the grid that G turns on
const MAX_BRUSH = 64; // pixels
const SHOWN = { ctrl: "Ctrl", shift: "Shift", delete: "Del", home: "Home", arrowleft: "Left", arrowright: "Right", arrowup: "Up", arrowdown: "Down" };

const svg = (content) => `<svg viewBox="0 0 20 20">${content}</svg>`;

const NOTHING_SELECTED = "Nothing is selected: drag a frame with the selection tool first.";

/** What an action did to the selection, or why it did nothing. */
const withSelection = (act) => ({ studio }) => (studio.selection ? act(studio) : NOTHING_SELECTED);

const sizeOf = ({ width, height }) => `${width} × ${height}`;

const tool = (name, title, keys, icon, more) => ({ title, keys, icon: svg(icon), run: ({ studio }) => studio.set({ tool: name }), ...more });

const repeat = (direction, title, icon) => ({
  title,
  keys: [`ctrl+arrow${direction}`],
  icon,
  needsSelection: true,
  run({ studio, number }) {
    if (!studio.selection) return "";
    const copies = studio.repeat(direction, number("count"), number("gap") ?? 0);
    return copies ? `Repeated ${copies} ${copies === 1 ? "time" : "times"}; the whole row is selected.` : "There is no room for a copy in that direction.";
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

  "zoom-in": { title: "Zoom in", keys: ["z"], also: "turn the wheel", icon: svg('<circle cx="9" cy="9" r="5.5"/><path d="m13 13 4 4M6.5 9h5M9 6.5v5"/>'), run: ({ zoom, place }) => zoom.in(...place()) },
  "zoom-out": { title: "Zoom out", keys: ["shift+z"], icon: svg('<circle cx="9" cy="9" r="5.5"/><path d="m13 13 4 4M6.5 9h5"/>'), run: ({ zoom, place }) => zoom.out(...place()) },
  "zoom-whole": { title: "Show the whole drawing", keys: ["home"], run: ({ zoom }) => zoom.whole() },
  fullscreen: { title: "The photo over the whole screen", keys: ["p"], icon: svg('<path d="M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4"/>'), run: ({ pictures }) => pictures.enlarge() },

  undo: { title: "Undo", keys: ["ctrl+z"], icon: svg('<path d="M7 4 3.5 7.5 7 11M4 7.5h7.5a4.5 4.5 0 0 1 0 9H8"/>'), run: ({ studio }) => (studio.undo() ? "Undid that." : "There is nothing to undo.") },
  redo: { title: "Redo", keys: ["ctrl+shift+z", "ctrl+y"], icon: svg('<path d="m13 4 3.5 3.5L13 11M16 7.5H8.5a4.5 4.5 0 0 0 0 9H12"/>'), run: ({ studio }) => (studio.redo() ? "Did it again." : "There is nothing to do again.") },
  clear: { title: "Clear to an empty wall; undo brings it back", run: ({ studio }) => (studio.clear(), "Cleared. Undo brings the drawing back.") },

  // The browser's own events copy, cut and paste bring these (clipboard.js): they alone reach the system's clipboard.
  copy: { title: "Copy the selection", keys: ["ctrl+c"], native: true, icon: svg('<rect x="7" y="7" width="9" height="9.5" rx="1.5"/><path d="M13 7V5a1.5 1.5 0 0 0-1.5-1.5h-6A1.5 1.5 0 0 0 4 5v6.5A1.5 1.5 0 0 0 5.5 13H7"/>'), run: withSelection((studio) => `Copied ${sizeOf(studio.copy().patch)} pixels.`) },
  cut: { title: "Cut the selection out", keys: ["ctrl+x"], native: true, run: withSelection((studio) => { const { patch } = studio.copy(); studio.remove(); return `Cut out ${sizeOf(patch)} pixels.`; }) },
  paste: { title: "Paste what was copied, from any drawing", keys: ["ctrl+v"], native: true, icon: svg('<path d="M7 4.5H5.5A1.5 1.5 0 0 0 4 6v9.5A1.5 1.5 0 0 0 5.5 17h9a1.5 1.5 0 0 0 1.5-1.5V6a1.5 1.5 0 0 0-1.5-1.5H13"/><rect x="7" y="3" width="6" height="3" rx="1"/>'), run: ({ studio }) => (studio.paste() ? "Pasted; drag it to its place." : "Nothing was copied yet.") },
  duplicate: { title: "Duplicate", keys: ["ctrl+d"], also: "drag with Alt", icon: svg('<rect x="3.5" y="3.5" width="9" height="9"/><path d="M15 8v7H8M12 16.5h4.5V12"/>'), run: withSelection((studio) => (studio.duplicate(), "Duplicated; drag the copy to its place.")) },
  flip: { title: "Mirror the selection", keys: ["h"], icon: svg('<path d="M10 3v14"/><path d="M7.5 6v8L3 14zM12.5 6v8l4.5 0z"/>'), run: withSelection((studio) => (studio.flip(), "Mirrored the selection.")) },
  remove: { title: "Delete", keys: ["delete", "backspace"], icon: svg('<path d="M4 6h12M8 6V4h4v2M5.5 6l.7 10.5h7.6L14.5 6M8.5 9v5M11.5 9v5"/>'), run: withSelection((studio) => (studio.remove(), "Deleted. Undo brings it back.")) },
  "select-all": { title: "Select everything", keys: ["ctrl+a"], run: ({ studio }) => (studio.selectAll(), "The whole drawing is selected.") },
  "repeat-left": repeat("left", "Repeat to the left", "←"),
  "repeat-right": repeat("right", "Repeat to the right", "→"),
  "repeat-up": repeat("up", "Repeat upwards", "↑"),
  "repeat-down": repeat("down", "Repeat downwards", "↓"),

  shares: { title: "Show how much of the drawing each class covers", run: ({ studio }) => studio.set({ shares: !studio.settings.shares }) },
  random: { title: "A new facade at each press", keys: ["n"], run: async ({ sources }) => ((await sources.random()) ? "A random facade. Undo brings the drawing before back." : "") },
  empty: { title: "Start from a wall with nothing on it", run: ({ sources }) => (sources.empty(), "An empty wall. Undo brings the drawing before back.") },
  upload: { title: "A label image of any size; you can also drop or paste one", run: ({ find }) => find("#sheet-start input[type=file]").click() },

  photo: { title: "A photo of a house, to be drawn and painted again; you can also drop or paste one", run: ({ photos }) => photos.choose() },
  "take-photo": { title: "Photograph a house with this device, to be drawn and painted again", run: ({ photos }) => photos.take() },
  "choose-photo": { title: "Choose or take another photo", run: ({ photos }) => photos.choose() },
  "draw-photo": { title: "Read the drawing off the photo, between its corners", run: ({ photos }) => photos.draw() },

  compare: { title: "Hold to see the target, also on the photo itself", keys: ["c"], hold: ({ pictures }, on) => pictures.compare(on) },
  variations: { title: "The same drawing painted with four other seeds", run: ({ variations }) => variations.offer() },
  refine: { title: "This machine is too slow to refine every picture: refine this one", run: ({ painter }) => painter.refiner.ask() },

  "save-labels": { title: "Download the label image as PNG; dropped here it opens again", run: ({ exporter }) => exporter.saveLabels() },
  "save-photo": { title: "Download the generated photo as PNG", run: ({ exporter }) => exporter.savePhoto() },
  "save-sheet": { title: "Download input, generated and target side by side", run: ({ exporter }) => exporter.saveSheet() },
  "copy-photo": { title: "Copy the generated photo", run: ({ exporter }) => exporter.copyPhoto() },
  "copy-link": { title: "Copy a link that carries this drawing", run: ({ exporter }) => exporter.copyLink() },

  share: { title: "Send the photo, and a link that opens this drawing", run: ({ exporter }) => exporter.share() },

  drawings: { title: "All that you painted in this browser", run: ({ shelf }) => shelf.show() },
  "export-drawings": { title: "Save all your drawings as one file", run: ({ shelf }) => shelf.export() },
  "import-drawings": { title: "Add the drawings of such a file", run: ({ shelf }) => shelf.import() },
  undelete: { title: "Bring back what was deleted last", run: ({ shelf }) => shelf.undelete() },
  about: { title: "What this is, how it was made, and its limits", run: ({ find }) => find("dialog.about").showModal() },
  tour: { title: "Four steps, twenty seconds", run: ({ tour }) => tour.start() },
  "tour-next": { title: "The next step", run: ({ tour }) => tour.next() },
  "tour-end": { title: "End the tour", run: ({ tour }) => tour.end() },

  "to-drawing": { title: "To the drawing, past all tools", run: ({ find }) => find(".overlay").focus() },
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
  const [chord, name] = [ctrlKey || metaKey ? "ctrl+" : "", key.toLowerCase()];
  return (shiftKey && BY_KEY.get(`${chord}shift+${name}`)) || (shiftKey && chord ? undefined : BY_KEY.get(chord + name));
}

/** "ctrl+shift+z" -> ["Ctrl", "Shift", "Z"]. */
const shownKeys = (keys) => keys.split("+").map((key) => SHOWN[key] ?? key.toUpperCase());

/**
 * A function (name) that runs an action with what `page` holds, and tells what it did or why it failed; (name, false)
 * ends a held one.
 */
export function actions(page) {
  return async (name, on = true) => {
    const { run, hold } = ACTIONS[name];
    try {
      if (hold) return hold(page, on);
      const done = await run(page);
      if (done) page.tell(done);
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
