// What the page tells: messages, the condition of the live loop, and what lies under the pointer.

import { labelAt } from "../model/drawing.js";

const MESSAGE_STAYS = 8000; // milliseconds until the line that says what to do is back

export const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

/** What to do with each tool. */
const LEADS = {
  rectangle: "Drag a rectangle: the photo follows while you drag.",
  brush: "Paint: the photo follows the brush.",
  line: "Drag a line; the photo follows.",
  fill: "Point at an area to fill it.",
  pick: "Point at the drawing to take the class there.",
  eraser: "Erase: what is left is wall.",
  select: "Drag a frame around something, or double-click it; then move, copy or stretch it.",
};

/**
 * One line for all messages; it always has its place, so nothing moves when it changes. Where there is nothing to tell,
 * it says what to do with the tool, and before the first stroke what the page is for.
 * @param {HTMLElement} line
 * @param {import("../model/studio.js").Studio} studio
 */
export function messages(line, studio) {
  let lead = line.textContent;
  let timer = 0;
  let told = false;
  let { tool } = studio.settings;
  studio.subscribe(() => {
    if (!studio.gesture && tool === studio.settings.tool) return;
    lead = LEADS[studio.settings.tool];
    if (!told && tool !== studio.settings.tool) tell(null);
    tool = studio.settings.tool;
  });
  return tell;


  /** @param {string | null} text @param {string} [kind] @param {boolean} [stays] */
  function tell(text, kind = "", stays = false) {
    clearTimeout(timer);
    told = !!text;
    line.textContent = text ?? lead;
    line.title = text ?? ""; // a narrow screen cuts it off
    line.dataset.kind = kind;
    if (text && !stays) timer = setTimeout(() => tell(null), MESSAGE_STAYS);
  }
}

/** A function (condition, message) that tells what the live loop is at, once for each change. */
export function describeCondition(element, tell) {
  return (condition, message) => {
    const before = element.dataset.live;
    element.dataset.live = condition;
    if (condition === before) return;
    if (condition === "reconnecting") tell("Reconnecting… keep painting, your drawing is safe.", "warning", true);
    else if (condition === "slow") tell("This picture takes long; keep painting meanwhile.", "warning", true);
    else if (condition === "failed") tell(sentence(message), "warning", true);
    else if (condition === "live" && element.dataset.trouble) tell(null);
    if (condition !== "painting") element.dataset.trouble = condition === "live" ? "" : condition;
  };
}

/** The read-out above the drawing: size while dragging, else place and class under the pointer. */
export function describePointer(element, studio, classes) {
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
