// The page without a server: opens it on a BrowserPainter, shows what is under way, and keeps the site for the next visit.

import { start } from "../main.js";
import { BrowserPainter } from "./painter.js";

/** @import { Site } from "./painter.js" */

const MB = 1e6;

/**
 * `props` are those of the page; `base` is where the files of this version lie, `root` the page's own folder.
 * @param {{element: HTMLElement, props: any, site: Site, base: URL, root: URL}} options
 */
export async function open({ element, props, site, base, root }) {
  const { serviceWorker } = navigator; // undefined without https and localhost, and in some private windows
  const isKept = !!serviceWorker?.controller;
  const name = `pix2pix ${root.href} ${base.pathname.split("/").at(-2)}`; // as service_worker.js calls its cache
  // What comes before there is a service worker is kept for it here: in its hands it would take memory once more.
  const keep = (url, content) => void caches.open(name).then((cache) => cache.put(url, new Response(content))).catch(() => {});
  const fetched = serviceWorker && !isKept ? keep : undefined;
  const painter = new BrowserPainter(site, base, { progress: showProgress(element), fetched });
  element.dataset.code = "arrived";
  await start(element, props, root, painter);
  await painted(element);
  serviceWorker?.register(new URL("service_worker.js", root), { updateViaCache: "none" }).catch(() => {});
}

/** A function that shows how much of the files under way is there. */
function showProgress(element) {
  const bars = element.querySelectorAll(".loading"); // of the page, and of what lies over it
  const time = element.querySelector(".time");
  return (received, total) => {
    for (const bar of bars) [bar.hidden, bar.max, bar.value] = [!total, total || 1, received];
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
