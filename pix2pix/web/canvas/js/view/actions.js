// What buttons and keys can do, by name.

import { sentence } from "./status.js";

const SNAP = 8; // pixels: the grid that G turns on
const MAX_BRUSH = 64; // pixels: the thickest brush

/** A function (name, detail) that runs an action and tells when it fails. `controls()` gives the bound controls. */
export function actions({ find, studio, sources, exporter, variations, painter, tell, controls }) {
  const number = (name) => {
    const { value } = find(`[data-control=${name}]`);
    return value === "" ? null : Number(value);
  };
  const table = {
    undo: () => studio.undo(),
    redo: () => studio.redo(),
    clear: () => studio.clear(),
    mirror: () => studio.set({ mirror: !studio.settings.mirror }),
    snap: () => studio.set({ grid: studio.grid > 1 ? 1 : SNAP }),
    thinner: () => studio.set({ size: Math.max(1, studio.size - (studio.size > 8 ? 4 : 1)) }),
    thicker: () => studio.set({ size: Math.min(MAX_BRUSH, studio.size + (studio.size >= 8 ? 4 : 1)) }),
    duplicate: () => studio.duplicate(),
    flip: () => studio.flip(),
    remove: () => studio.remove(),
    "select-all": () => studio.selectAll(),
    repeat: (direction) => {
      if (!studio.selection) return;
      const copies = studio.repeat(direction, number("count"), number("gap") ?? 0);
      if (!copies) tell("There is no room for a copy in that direction.");
    },
    shares: () => controls().toggleShares(),
    random: () => sources.random(),
    empty: () => sources.empty(),
    upload: () => find("input[type=file]").click(),
    variations: () => variations.offer(),
    refine: () => painter.refiner.ask(),
    help: () => {
      const dialog = find("dialog.help");
      dialog.showModal(); // it focuses Close, at its foot
      dialog.scrollTop = 0;
    },
    "save-labels": () => exporter.saveLabels(),
    "save-photo": () => exporter.savePhoto(),
    "save-sheet": () => exporter.saveSheet(),
    "copy-photo": () => exporter.copyPhoto(),
    "copy-link": () => exporter.copyLink(),
  };
  return async (name, detail) => {
    try {
      await table[name]?.(detail);
    } catch (error) {
      tell(error.again === undefined ? "This did not work; is the connection there?" : sentence(error.message), "warning");
    }
  };
}
