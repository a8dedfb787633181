// Puts the page together: one studio, what shows it, what changes it, and the live loop to the server.

import { bindControls } from "./controls.js";
import { labelAt } from "./drawing.js";
import { bindKeyboard } from "./keyboard.js";
import { Live } from "./live.js";
import { Memory } from "./memory.js";
import { ModelChoice } from "./models.js";
import { Pictures } from "./pictures.js";
import { bindPointer } from "./pointer.js";
import { encodeRuns } from "./runs.js";
import { Server } from "./server.js";
import { sentence, Sources } from "./sources.js";
import { Studio } from "./studio.js";
import { Takeaway } from "./takeaway.js";
import { Variations } from "./variations.js";
import { View } from "./view.js";

const MESSAGE_STAYS = 8000; // milliseconds until the line that says what to do is back
const SNAP = 8; // pixels: the grid that G turns on

/** `element` holds canvas.html, `props` come from LabelCanvas, `root` is the app's URL. */
export async function start(element, props, root) {
  const find = (selector) => element.querySelector(selector);
  const classes = props.classes;
  const server = new Server(new URL(`${props.base}/`, root));
  const memory = new Memory();
  const kept = memory.recall(props.size * props.size, classes.length);
  const studio = new Studio({ width: props.size, height: props.size, wall: props.wall, label: props.window, start: kept });
  const tell = messages(find(".message"));

  const view = new View(find(".labels"), find(".overlay"), studio, classes);
  const pictures = new Pictures(element);
  const job = (variation, format) =>
    JSON.stringify({ drawing: encodeRuns(studio.drawing.labels), model: models.current, variation, format, visitor: server.visitor });
  const live = new Live({
    describe: () => job(variations.seed, "jpeg"),
    generate: (state) => server.generate(state),
    show: (blob, milliseconds) => pictures.show(blob, milliseconds),
    say: (state, message) => sayState(element, tell, state, message),
  });
  const want = () => live.want();
  const models = new ModelChoice(element, props.others, server, want, tell);
  const variations = new Variations(element, (seed) => server.generate(job(seed, "jpeg")), want, tell);
  const sources = new Sources(element, studio, server, classes.length, tell);
  const takeaway = new Takeaway(element, studio, () => server.generate(job(variations.seed, "png")), tell);

  const say = describePointer(element, studio, classes);
  const act = actions({ find, studio, sources, takeaway, variations, tell, controls: () => controls });
  const controls = bindControls(element, studio, act);
  bindPointer(find(".overlay"), studio, view, say);
  bindKeyboard(element, find(".overlay"), studio, view, classes.map(({ key }) => key), act, say);
  bindCompareKey(element, pictures);

  const state = () => ({ labels: studio.drawing.labels, origin: studio.origin, settings: { variation: variations.seed } });
  studio.subscribe(({ painted, committed }) => {
    if (painted) want();
    if (committed) memory.keep(state);
    showOrigin(element, studio, server, pictures, props.examples);
  });
  addEventListener("pagehide", () => memory.keep(state, true));
  addEventListener("online", () => live.hurry());
  addEventListener("hashchange", () => sources.link());

  if (kept?.settings.variation) variations.choose(kept.settings.variation);
  showOrigin(element, studio, server, pictures, props.examples);
  const linked = await sources.link();
  if (!linked && !kept) await sources.example(0); // a first visit starts from a painted facade, not an empty page
  want();
  element.dataset.ready = "true";
  return { studio, live };
}

function actions({ find, studio, sources, takeaway, variations, tell, controls }) {
  const number = (name) => (find(`[data-control=${name}]`).value === "" ? null : Number(find(`[data-control=${name}]`).value));
  const table = {
    undo: () => studio.undo(),
    redo: () => studio.redo(),
    clear: () => studio.clear(),
    mirror: () => studio.set({ mirror: !studio.settings.mirror }),
    snap: () => studio.set({ grid: studio.grid > 1 ? 1 : SNAP }),
    thinner: () => studio.set({ size: Math.max(1, studio.size - (studio.size > 8 ? 4 : 1)) }),
    thicker: () => studio.set({ size: Math.min(64, studio.size + (studio.size >= 8 ? 4 : 1)) }),
    duplicate: () => studio.duplicate(),
    flip: () => studio.flip(),
    remove: () => studio.remove(),
    "select-all": () => studio.selectAll(),
    repeat: (direction) => {
      if (!studio.repeat(direction, number("count"), number("gap") ?? 0)) tell("There is no room for a copy in that direction.");
    },
    shares: () => controls().toggleShares(),
    random: () => sources.random(),
    empty: () => sources.empty(),
    upload: () => find("input[type=file]").click(),
    variations: () => variations.offer(),
    help: () => find("dialog.help").showModal(),
    "save-labels": () => takeaway.saveLabels(),
    "save-photo": () => takeaway.savePhoto(),
    "save-sheet": () => takeaway.saveSheet(),
    "copy-photo": () => takeaway.copyPhoto(),
    "copy-link": () => takeaway.copyLink(),
  };
  return async (name, detail) => {
    try {
      await table[name]?.(detail);
    } catch (error) {
      tell(error.again === undefined ? "This did not work; is the connection there?" : sentence(error.message), "warning");
    }
  };
}

/** One line for all messages; it always has its place, so nothing moves when it changes. */
function messages(line) {
  const lead = line.textContent;
  let timer = null;
  return (text, kind = "", stays = false) => {
    clearTimeout(timer);
    line.textContent = text ?? lead;
    line.title = text ?? "";
    line.dataset.kind = kind;
    if (text && !stays) timer = setTimeout(() => Object.assign(line, { textContent: lead, title: "" }).dataset.kind = "", MESSAGE_STAYS);
  };
}

function sayState(element, tell, state, message) {
  const before = element.dataset.live;
  element.dataset.live = state;
  if (state === before) return;
  if (state === "reconnecting") tell("Reconnecting… keep painting, your drawing is safe.", "warning", true);
  else if (state === "slow") tell("This picture takes long; keep painting meanwhile.", "warning", true);
  else if (state === "failed") tell(sentence(message), "warning", true);
  else if (state === "live" && element.dataset.trouble) tell(null);
  if (state !== "painting") element.dataset.trouble = state === "live" ? "" : state;
}

/** The read-out above the drawing: size while dragging, else place and class under the pointer. */
function describePointer(element, studio, classes) {
  const readout = element.querySelector(".readout");
  const spoken = element.querySelector("[data-shows=spoken]");
  return (point, aloud = false) => {
    const pixel = point && studio.pixelAt(point);
    const size = studio.readout && `${studio.readout.width} × ${studio.readout.height}`;
    const place = pixel && `${classes[labelAt(studio.drawing, pixel.x, pixel.y)].name}  ${pixel.x}, ${pixel.y}`;
    readout.textContent = size || place || "";
    if (aloud) spoken.textContent = [size, place].filter(Boolean).join(", ");
  };
}

function showOrigin(element, studio, server, pictures, examples) {
  const { origin } = studio;
  const known = origin !== null && origin < examples.length;
  pictures.showTarget(known ? server.pictureOf(origin, "target") : null);
  element.querySelector("[data-shows=example]").textContent = known ? examples[origin].name : "";
  for (const button of element.querySelectorAll("[data-example]")) {
    button.setAttribute("aria-pressed", String(known && Number(button.dataset.example) === origin));
  }
}

function bindCompareKey(element, pictures) {
  const free = (target) => !target.closest?.("input, select, textarea, dialog");
  const down = (event) => event.key === "c" && !event.ctrlKey && !event.metaKey && free(event.target) && pictures.compare(true);
  addEventListener("keydown", down);
  addEventListener("keyup", (event) => event.key === "c" && pictures.compare(false));
}
