// Puts the page together: one studio, what shows it, what changes it, and the live loop to the server.

import { Storage } from "./model/storage.js";
import { Studio } from "./model/studio.js";
import { painting } from "./net/painting.js";
import { Server } from "./net/server.js";
import { actions, bindActions } from "./view/actions.js";
import { CanvasView } from "./view/canvas.js";
import { Colours } from "./view/colours.js";
import { bindControls } from "./view/controls.js";
import { Exporter } from "./view/exporter.js";
import { bindKeyboard } from "./view/keyboard.js";
import { ModelChoice } from "./view/models.js";
import { Pictures } from "./view/pictures.js";
import { bindPointer } from "./view/pointer.js";
import { Sources } from "./view/sources.js";
import { describeCondition, describePointer, messages } from "./view/status.js";
import { Variations } from "./view/variations.js";

/** `element` holds canvas.html, `props` come from LabelCanvas, `root` is the app's URL. */
export async function start(element, props, root) {
  const find = (selector) => element.querySelector(selector);
  const classes = props.classes;
  const server = new Server(new URL(`${props.base}/`, root));
  const storage = new Storage();
  const { size, wall, window: label } = props;
  const kept = storage.load(size * size, classes.length);
  const studio = new Studio({ width: size, height: size, wall, label, start: kept });
  const tell = messages(find(".message"));

  const view = new CanvasView(find(".labels"), find(".overlay"), studio, classes);
  const pictures = new Pictures(element);
  const request = () => {
    storage.save(state);
    painter.paint();
  };
  const onModelLoaded = () => {
    colours.offer(models.colours);
    request();
  };
  const models = new ModelChoice(element, props, server, onModelLoaded, tell);
  const colours = new Colours(element, request);
  const variations = new Variations(element, (seed) => painter.vary(seed), request, tell);
  const settings = () => ({ variation: variations.seed, ...colours.chosen });
  const choose = (settings) => {
    if ("variation" in settings) variations.choose(Number(settings.variation));
    colours.choose(settings);
  };
  const describe = () => {
    const { revision, snapshot: labels } = studio;
    return { revision, labels, ...settings(), model: models.current };
  };
  const painter = painting({ describe, server, models, pictures, say: describeCondition(element, tell), tell });
  const sources = new Sources(element, studio, server, props.examples, classes.length, choose, tell);
  const exporter = new Exporter(element, studio, settings, () => painter.photo(), tell);

  const say = describePointer(element, studio, classes);
  const number = (name) => {
    const { value } = find(`[data-control=${name}]`);
    return value === "" ? null : Number(value);
  };
  const act = actions({ find, number, studio, sources, exporter, variations, painter, pictures, tell });
  bindActions(element, act);
  bindControls(element, studio);
  bindPointer(find(".overlay"), studio, view, say);
  bindKeyboard(element, find(".overlay"), studio, view, classes.map(({ key }) => key), act, say);

  const state = () => {
    const kept = { ...settings(), model: models.current };
    return { labels: studio.snapshot, origin: studio.origin, settings: kept };
  };
  studio.subscribe(({ painted, committed }) => {
    if (painted) painter.paint();
    if (!committed) return;
    variations.clear();
    storage.save(state);
    showOrigin(element, studio, server, pictures, props.examples);
  });
  addEventListener("pagehide", () => storage.save(state, true));
  addEventListener("online", () => painter.retryNow());
  addEventListener("hashchange", () => sources.link());

  if (kept) choose(kept.settings);
  models.loadFirst();
  if (kept?.settings.model && kept.settings.model !== models.current) models.load(kept.settings.model);
  showOrigin(element, studio, server, pictures, props.examples);
  const linked = await sources.link();
  if (!linked && !kept) await sources.example(0); // a first visit starts from a painted facade, not an empty page
  request();
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
