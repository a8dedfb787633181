// Everything by keyboard: tools and classes from anywhere on the page, and on the drawing a cursor that paints.

import { ACTIONS, actionOf } from "./actions.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LEAP = 8; // pixels that an arrow moves with Shift

export const typing = (target) => target.closest?.("select, textarea, input:not([type=range], [type=file], [type=radio], [type=color]), dialog");

/** `act(name)` runs an action, `act(name, false)` ends a held one; `say(point)` tells what lies under the cursor. */
export function bindKeyboard(element, overlay, studio, view, classKeys, act, say) {
  let dragging = false; // a drag of the keyboard's cursor

  const onKeyDown = (event) => {
    if (!element.isConnected) return unbind();
    if (event.defaultPrevented || typing(event.target)) return;
    if (handle(event)) event.preventDefault();
  };
  const onKeyUp = ({ key }) => {
    const name = actionOf({ key });
    if (ACTIONS[name]?.hold) act(name, false);
  };
  document.addEventListener("keydown", onKeyDown);
  document.addEventListener("keyup", onKeyUp);

  function unbind() {
    document.removeEventListener("keydown", onKeyDown);
    document.removeEventListener("keyup", onKeyUp);
  }

  /** Do what a key asks for; whether it asks for anything. */
  function handle(event) {
    if (event.altKey && event.key !== "Alt") return ARROWS[event.key] ? onSelection(event, "grow") : false;
    const chord = event.ctrlKey || event.metaKey;
    return (!chord && handlePlain(event)) || handleAction(event);
  }

  function handlePlain(event) {
    const label = classKeys.indexOf(event.key);
    if (event.target === overlay && (ARROWS[event.key] || event.key === " " || event.key === "Enter")) return onDrawing(event);
    if (ARROWS[event.key]) return onSelection(event, "nudge");
    if (label >= 0) studio.set({ label });
    else if (event.key === "Escape") escape();
    else return event.key === "Alt" && event.target === overlay; // a browser would go to its menu when Alt is released
    return true;
  }

  function handleAction(event) {
    const name = actionOf(event);
    if (!name || ACTIONS[name].native || (ACTIONS[name].needsSelection && !studio.selection)) return false;
    act(name);
    return true;
  }

  function onDrawing(event) {
    if (!ARROWS[event.key]) {
      if (!event.repeat) dragOrDrop();
      return true;
    }
    if (studio.selection && !dragging) return onSelection(event, "nudge");
    const [across, down] = ARROWS[event.key];
    const step = event.shiftKey ? Math.max(LEAP, studio.grid) : studio.grid;
    const { width, height } = studio.drawing;
    const from = view.cursor ?? { x: width / 2 + 0.5, y: height / 2 + 0.5 };
    const bounded = (value, most) => Math.min(Math.max(value, 0.5), most - 0.5);
    moveTo({ x: bounded(from.x + across * step, width), y: bounded(from.y + down * step, height) });
    return true;
  }

  function moveTo(cursor) {
    view.show({ cursor });
    view.zoom.reveal(cursor);
    if (dragging) studio.move(cursor, {});
    say(cursor, true);
  }

  function dragOrDrop() {
    if (!view.cursor) moveTo({ x: studio.drawing.width / 2 + 0.5, y: studio.drawing.height / 2 + 0.5 });
    if (dragging) studio.end();
    else studio.begin(view.cursor, {});
    dragging = !dragging;
    if (["fill", "pick"].includes(studio.settings.tool) && dragging) dragOrDrop(); // done at once
  }

  /** Change the selection by an arrow's step: `change` is "nudge" or "grow". */
  function onSelection(event, change) {
    if (!studio.selection || event.target.matches?.("input, [role=group]")) return false;
    const [across, down] = ARROWS[event.key];
    const step = event.shiftKey ? LEAP : studio.grid;
    studio[change](across * step, down * step);
    return true;
  }

  function escape() {
    if (studio.gesture) studio.cancel();
    else studio.selectRect(null);
    dragging = false;
  }

  overlay.addEventListener("pointerdown", () => (dragging = false));
  overlay.addEventListener("blur", () => {
    if (dragging) escape();
    view.show({ cursor: null });
  });
}
