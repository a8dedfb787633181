// Puts the page together: one store, what shows it, what changes it, and the live loop to the server.

import { Examples } from "./model/examples.js";
import { choiceOf } from "./model/link.js";
import { Shelf } from "./model/shelf.js";
import { Storage } from "./model/storage.js";
import { Store } from "./model/store.js";
import { Studio } from "./model/studio.js";
import { Zoom } from "./model/zoom.js";
import { painting } from "./net/painting.js";
import { Quicker } from "./net/quicker.js";
import { Server } from "./net/server.js";
import { actions, bindActions } from "./view/actions.js";
import { CanvasView } from "./view/canvas.js";
import { bindClipboard } from "./view/clipboard.js";
import { bindColours, defaultColours } from "./view/colours.js";
import { bindControls } from "./view/controls.js";
import { Exporter } from "./view/exporter.js";
import { bindKeyboard } from "./view/keyboard.js";
import { ModelChoice } from "./view/models.js";
import { Photos } from "./view/photo.js";
import { Pictures } from "./view/pictures.js";
import { bindPointer, bindZoom } from "./view/pointer.js";
import { bindRoving } from "./view/roving.js";
import { bindSheets } from "./view/sheets.js";
import { ShelfView } from "./view/shelf.js";
import { Sources } from "./view/sources.js";
import { describeCondition, describePointer, messages, sentence } from "./view/status.js";
import { Styles } from "./view/styles.js";
import { bindTips } from "./view/tips.js";
import { Tour } from "./view/tour.js";
import { Variations } from "./view/variations.js";

const EXAMPLES_PAUSE = 4000; // milliseconds until the server is asked again whether more have come

/**
 * `element` holds canvas.html, `props` come from LabelCanvas, `root` is the app's URL; `server` is whatever answers the
 * calls of Server.
 * @param {HTMLElement} element
 * @param {any} props
 * @param {URL} root
 * @param {Pick<Server, "generate" | "load" | "read" | "random" | "example" | "pictureOf"> & Partial<Pick<Server, "examples" | "segment" | "corners">>} server
 */
export async function start(element, props, root, server = new Server(new URL(`${props.base}/`, root))) {
  const find = (selector) => element.querySelector(selector);
  const { size, wall, window: label, classes } = props;
  const examples = new Examples(props.examples);
  const storage = new Storage();

  const kept = storage.load(size * size, classes.length);
  const studio = new Studio({ width: size, height: size, wall, label, start: kept });
  studio.restoreSettings(kept?.tools, classes.length);
  const tell = messages(find(".message"), studio);
  const zoom = new Zoom(studio.drawing);
  const colours = props.styled ? { wall: null, sky: null } : defaultColours(element); // a style has its own
  const first = { variation: null, ...colours, model: props.models[0] ?? "" };
  const store = new Store(studio, { ...first, ...(kept && choiceOf(kept.settings)) });

  const view = new CanvasView(find(".labels"), find(".overlay"), studio, classes, zoom);
  const pictures = new Pictures(element);
  const models = new ModelChoice(element, props, store, server, tell);
  const quicker = props.browser?.length ? quickerOf(props, root, server, tell) : server;
  const painter = painting({ describe: () => store.request, server: quicker, models, pictures, say: describeCondition(element, tell), tell });
  bindColours(element, store);
  const variations = new Variations(element, store, (seed) => painter.vary(seed), tell);
  new Styles(element, store, (style, signal) => painter.restyle(style, signal));
  const photos = new Photos(element, store, server, classes.length, tell);
  const sources = new Sources(element, store, server, examples, classes.length, tell, photos);
  const exporter = new Exporter(element, store, () => painter.photo(), tell, props.version);

  const shelf = new ShelfView(element, store, new Shelf(), props, kept?.shelf ?? null, tell);
  const tour = new Tour(element);

  const number = (name) => {
    const { value } = find(`[data-control=${name}]`);
    return value === "" ? null : Number(value);
  };
  /** Where zooming by key holds still, as shares of the pane: at the cursor or the pointer, else in the middle. */
  const place = () => {
    const point = view.cursor ?? view.hover;
    const inside = point && [((point.x - zoom.left) * zoom.scale) / size, ((point.y - zoom.top) * zoom.scale) / size];
    return inside?.every((share) => share >= 0 && share <= 1) ? inside : [0.5, 0.5];
  };
  const act = actions({ find, number, place, studio, zoom, sources, photos, exporter, variations, painter, pictures, shelf, tour, tell });
  const say = describePointer(element, studio, classes);
  bindActions(element, act);
  bindControls(element, studio);
  bindZoom(element, zoom);
  bindTips(element, classes);
  bindSheets(element, studio, classes);
  bindRoving(element);
  bindClipboard(element, studio, classes.length, act);
  bindPointer(find(".overlay"), studio, zoom, view, say);
  bindKeyboard(element, find(".overlay"), studio, view, classes.map(({ key }) => key), act, say);

  const keptNow = () => ({ ...store.kept, shelf: shelf.current, tools: studio.settings });
  let opened = false; // whether the drawing to begin with is there: nothing else is painted before it
  store.subscribe(({ painted, committed, chosen }) => {
    if (opened && (painted || chosen)) painter.paint();
    if (committed || chosen || !painted) storage.save(keptNow); // the tools too
    if (committed) showOrigin(element, studio, server, pictures, examples, photos);
  });
  addEventListener("pagehide", () => storage.save(keptNow, true));
  addEventListener("online", () => painter.retryNow());
  addEventListener("hashchange", () => sources.link());

  for (const link of element.querySelectorAll("[data-served]")) link.toggleAttribute("hidden", !props.base); // a page without a server has no API
  models.loadFirst();
  if (kept?.settings.model && kept.settings.model !== models.current) models.load(kept.settings.model);
  showOrigin(element, studio, server, pictures, examples, photos);
  shelf.open();
  const linked = await sources.link();
  if (!linked && !kept) await sources.example(0); // a first visit starts from a painted facade, not an empty page
  opened = true;
  painter.paint();
  element.dataset.ready = "true";
  if (props.complete === false) await awaitExamples(server, examples);
  showOrigin(element, studio, server, pictures, examples, photos); // a kept drawing may have started from one of them
}

/** The server, or this browser where it is quicker; its painter's code comes when it is needed. */
function quickerOf({ base, browser: models }, root, server, tell) {
  const open = async () => (await import("./browser/offer.js")).openOffered(new URL(`${base}/`, root));
  return new Quicker({ server, models, open, tell: (message) => tell(sentence(message), "warning") });
}

/** Ask for the examples until all are there: those of a dataset that the server is fetching come later. */
async function awaitExamples(server, examples) {
  for (let complete = false; !complete; ) {
    await new Promise((resolve) => setTimeout(resolve, EXAMPLES_PAUSE));
    const answer = await server.examples?.().catch(() => null);
    if (answer) examples.update(answer.examples);
    complete = answer?.complete ?? false;
  }
}

function showOrigin(element, studio, server, pictures, examples, photos) {
  const number = examples.numberOf(studio.origin);
  const kind = examples.listed[number]?.target;
  const photo = photos.targetOf(studio.origin);
  pictures.showTarget(photo ?? (kind ? server.pictureOf(number, "target") : null), photo ? "photo" : kind);
  element.querySelector("[data-shows=example]").textContent = photo ? "your photo" : kind ? studio.origin : "";
  for (const button of element.querySelectorAll("[data-example]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.example) === number));
  }
}
