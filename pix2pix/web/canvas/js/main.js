// Puts the page together: one store, what shows it, what changes it, and the live loop to the server.

import { choiceOf } from "./model/link.js";
import { Storage } from "./model/storage.js";
import { Store } from "./model/store.js";
import { Studio } from "./model/studio.js";
import { painting } from "./net/painting.js";
import { Server } from "./net/server.js";
import { actions, bindActions } from "./view/actions.js";
import { CanvasView } from "./view/canvas.js";
import { bindColours, defaultColours } from "./view/colours.js";
import { bindControls } from "./view/controls.js";
import { Exporter } from "./view/exporter.js";
import { bindKeyboard } from "./view/keyboard.js";
import { ModelChoice } from "./view/models.js";
import { Pictures } from "./view/pictures.js";
import { bindPointer } from "./view/pointer.js";
import { Sources } from "./view/sources.js";
import { describeCondition, describePointer, messages } from "./view/status.js";
import { Variations } from "./view/variations.js";

/**
 * `element` holds canvas.html, `props` come from LabelCanvas, `root` is the app's URL; `server` is whatever answers the
 * calls of Server.
 * @param {HTMLElement} element
 * @param {any} props
 * @param {URL} root
 * @param {Pick<Server, "generate" | "load" | "read" | "random" | "example" | "pictureOf">} server
 */
export async function start(element, props, root, server = new Server(new URL(`${props.base}/`, root))) {
  const find = (selector) => element.querySelector(selector);
  const { size, wall, window: label, classes, examples } = props;
  const tell = messages(find(".message"));
  const storage = new Storage();

  const kept = storage.load(size * size, classes.length);
  const studio = new Studio({ width: size, height: size, wall, label, start: kept });
  const first = { variation: null, ...defaultColours(element), model: props.models[0] ?? "" };
  const store = new Store(studio, { ...first, ...(kept && choiceOf(kept.settings)) });

  const view = new CanvasView(find(".labels"), find(".overlay"), studio, classes);
  const pictures = new Pictures(element);
  const models = new ModelChoice(element, props, store, server, tell);
  const painter = painting({ describe: () => store.request, server, models, pictures, say: describeCondition(element, tell), tell });
  bindColours(element, store);
  const variations = new Variations(element, store, (seed) => painter.vary(seed), tell);
  const sources = new Sources(element, store, server, examples, classes.length, tell);
  const exporter = new Exporter(element, store, () => painter.photo(), tell);

  const number = (name) => {
    const { value } = find(`[data-control=${name}]`);
    return value === "" ? null : Number(value);
  };
  const act = actions({ find, number, studio, sources, exporter, variations, painter, pictures, tell });
  const say = describePointer(element, studio, classes);
  bindActions(element, act);
  bindControls(element, studio);
  bindPointer(find(".overlay"), studio, view, say);
  bindKeyboard(element, find(".overlay"), studio, view, classes.map(({ key }) => key), act, say);

  store.subscribe(({ painted, committed, chosen }) => {
    if (painted || chosen) painter.paint();
    if (committed || chosen) storage.save(() => store.kept);
    if (committed) showOrigin(element, studio, server, pictures, examples);
  });
  addEventListener("pagehide", () => storage.save(() => store.kept, true));
  addEventListener("online", () => painter.retryNow());
  addEventListener("hashchange", () => sources.link());

  models.loadFirst();
  if (kept?.settings.model && kept.settings.model !== models.current) models.load(kept.settings.model);
  showOrigin(element, studio, server, pictures, examples);
  const linked = await sources.link();
  if (!linked && !kept) await sources.example(0); // a first visit starts from a painted facade, not an empty page
  painter.paint();
  element.dataset.ready = "true";
}

function showOrigin(element, studio, server, pictures, examples) {
  const number = examples.indexOf(studio.origin);
  pictures.showTarget(number < 0 ? null : server.pictureOf(number, "target"));
  element.querySelector("[data-shows=example]").textContent = examples[number] ?? "";
  for (const button of element.querySelectorAll("[data-example]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.example) === number));
  }
}
