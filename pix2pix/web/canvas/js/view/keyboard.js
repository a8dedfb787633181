// Everything by keyboard: tools and classes from anywhere on the page, and on the drawing a cursor that paints.

const TOOL_KEYS = { r: "rectangle", b: "brush", l: "line", f: "fill", i: "pick", e: "eraser", s: "select", v: "select" };
const ACTION_KEYS = { m: "mirror", g: "snap", h: "flip", n: "random", "?": "help", "[": "thinner", "]": "thicker" };
const ARROWS = { ArrowLeft: [-1, 0, "left"], ArrowRight: [1, 0, "right"], ArrowUp: [0, -1, "up"], ArrowDown: [0, 1, "down"] };
const CHORDS = { z: "undo", y: "redo", d: "duplicate", a: "select-all" };
const LEAP = 8; // pixels that an arrow moves with Shift

const typing = (target) => target.closest?.("select, textarea, input:not([type=range], [type=file], [type=radio], [type=color]), dialog");

/** `act(name, detail)` runs an action of the page; `say(point)` tells what lies under the cursor. */
export function bindKeyboard(element, overlay, studio, view, classKeys, act, say) {
  let dragging = false; // a drag of the keyboard's cursor

  const listener = (event) => {
    if (!element.isConnected) return document.removeEventListener("keydown", listener);
    if (event.defaultPrevented || typing(event.target)) return;
    if (event.ctrlKey || event.metaKey ? chord(event) : plain(event)) event.preventDefault();
  };
  document.addEventListener("keydown", listener);

  function chord(event) {
    const key = event.key.toLowerCase();
    if (key === "z" && event.shiftKey) act("redo");
    else if (key === "a" && event.target !== overlay) return false; // elsewhere: the browser's own select all
    else if (CHORDS[key]) act(CHORDS[key]);
    else if (ARROWS[event.key] && studio.selection) act("repeat", ARROWS[event.key][2]);
    else return false;
    return true;
  }

  function plain(event) {
    const key = event.key.toLowerCase();
    const label = classKeys.indexOf(event.key);
    if (event.altKey && key !== "alt" && !ARROWS[event.key]) return false;
    if (event.target === overlay && (ARROWS[event.key] || key === " " || key === "enter")) return onDrawing(event);
    if (ARROWS[event.key]) return nudged(event);
    if (label >= 0) studio.set({ label });
    else if (TOOL_KEYS[key]) studio.set({ tool: TOOL_KEYS[key] });
    else if (ACTION_KEYS[key]) act(ACTION_KEYS[key]);
    else if (key === "delete" || key === "backspace") act("remove");
    else if (key === "escape") escape();
    else return key === "alt" && event.target === overlay; // a browser would go to its menu when Alt is released
    return true;
  }

  function onDrawing(event) {
    if (!ARROWS[event.key]) {
      if (!event.repeat) dragOrDrop();
      return true;
    }
    if (studio.selection && !dragging) return nudged(event);
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

  function nudged(event) {
    if (!studio.selection || event.target.matches?.("input, [role=group]")) return false;
    const [across, down] = ARROWS[event.key];
    const step = event.shiftKey ? LEAP : studio.grid;
    studio.nudge(across * step, down * step);
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
