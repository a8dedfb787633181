// What the app's server offers to paint with in this browser.

import { BrowserPainter } from "./painter.js";

const ASKED = 60; // times, while the server fetches it itself
const PAUSE = 5000; // milliseconds

/** The painter of what is offered below `base`; null where nothing is. @param {URL} base */
export async function openOffered(base) {
  for (let asked = 0; asked < ASKED; asked++) {
    if (asked) await new Promise((resolve) => setTimeout(resolve, PAUSE));
    const { site, folder, again } = await (await fetch(new URL("browser", base))).json();
    if (site) return new BrowserPainter(site, new URL(`browser/${folder}/`, base));
    if (!again) break;
  }
  return null;
}
