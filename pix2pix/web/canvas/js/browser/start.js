// The page without a server: opens it on a BrowserPainter, shows what is under way, and keeps the site for the next visit.

import { start } from "../main.js";
import { BrowserPainter } from "./painter.js";

/** @import { Site } from "./painter.js" */

const MB = 1e6;
const PATIENCE = 5000; // milliseconds for the service worker to get ready

/**
 * `props` are those of the page; `base` is where the files of this version lie, `root` the page's own folder.
 * @param {{element: HTMLElement, props: any, site: Site, base: URL, root: URL}} options
 */
export async function open({ element, props, site, base, root }) {
  /** @type {Promise<unknown> | null} */
  let kept = null;
  const keepOnce = () => (kept ??= keep(root));
  const painter = new BrowserPainter(site, base, { progress: showProgress(element), beforeLarge: keepOnce });
  element.dataset.code = "arrived";
  if (navigator.serviceWorker?.controller) keepOnce(); // and look for a newer version
  await start(element, props, root, painter);
  await painted(element);
  keepOnce();
}

/** A function that shows how much of the files under way is there. */
function showProgress(element) {
  const bar = element.querySelector(".loading");
  const time = element.querySelector(".time");
  return (received, total) => {
    bar.hidden = !total;
    [bar.max, bar.value] = [total || 1, received];
    const painter = element.querySelector("canvas.generated").dataset.picture; // something has been painted before
    if (total && !painter) time.textContent = `loading ${(received / MB).toFixed(1)} of ${(total / MB).toFixed(1)} MB`;
  };
}

/** Resolves when the first picture is on show. */
function painted(element) {
  const generated = element.querySelector("canvas.generated");
  return new Promise((resolve) => {
    if (generated.dataset.picture) return resolve(null);
    const observer = new MutationObserver(() => {
      observer.disconnect();
      resolve(null);
    });
    observer.observe(generated, { attributes: true, attributeFilter: ["data-picture"] });
  });
}

/** Let a service worker keep the site; resolves when it does, or where it cannot or takes long. */
function keep(root) {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return Promise.resolve(); // neither https nor localhost, or a private window
  const controlled = new Promise((resolve) => {
    if (serviceWorker.controller) resolve(null);
    else serviceWorker.addEventListener("controllerchange", resolve, { once: true });
  });
  const registered = serviceWorker.register(new URL("service_worker.js", root), { updateViaCache: "none" });
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  return Promise.race([Promise.all([registered, controlled]), late]).catch(() => {});
}
