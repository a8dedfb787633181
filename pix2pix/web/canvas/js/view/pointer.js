// Mouse, pen and one finger paint; two fingers zoom both panes and move what they show, or scroll the page.

import { HANDLE_REACH } from "./canvas.js";

const FINGER_REACH = 14; // CSS pixels from which a finger takes a handle of the selection
const PULL = { mouse: [1, 3], touch: [2, 6] }; // drawing and CSS pixels, at most, from which an edge pulls what is dragged
const MIN_PINCH = 1.03; // a smaller change of the distance between two fingers is none
const WHEEL = 0.0015; // zoom of one unit that a wheel turns

/** @import { Studio } from "../model/studio.js" */
/** @import { Zoom } from "../model/zoom.js" */

/**
 * `view` shows cursor and hover; `say(point)` tells what lies under the pointer.
 * @param {HTMLCanvasElement} overlay
 * @param {Studio} studio
 * @param {Zoom} zoom
 * @param {any} view
 * @param {(point: {x: number, y: number} | null) => void} say
 */
export function bindPointer(overlay, studio, zoom, view, say) {
  /** @type {Map<number, {x: number, y: number}>} */
  const touches = new Map(); // pointerId -> last place on the screen, of fingers on the canvas
  let panning = false;
  let pinched = false;

  const placeOf = (/** @type {{clientX: number, clientY: number}} */ event) => {
    const box = overlay.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  const pointOf = (/** @type {{clientX: number, clientY: number}} */ event) => {
    const [x, y] = placeOf(event);
    return zoom.pointAt(x, y);
  };
  const keysOf = (/** @type {PointerEvent} */ event) => {
    const pixels = studio.drawing.width / zoom.scale / overlay.clientWidth; // drawing pixels per CSS pixel
    const isFinger = event.pointerType === "touch";
    const [most, far] = isFinger ? PULL.touch : PULL.mouse;
    const near = event.ctrlKey ? 0 : Math.min(most, Math.floor(far * pixels));
    return { square: event.shiftKey, copy: event.altKey, pick: event.altKey, reach: pixels * (isFinger ? FINGER_REACH : HANDLE_REACH), near };
  };

  // Where text around is selected, the browser would drag that away instead of painting.
  overlay.addEventListener("dragstart", (event) => event.preventDefault());

  overlay.addEventListener("pointerdown", (event) => {
    panning = event.button === 1;
    if (event.pointerType === "touch") {
      touches.set(event.pointerId, { x: event.clientX, y: event.clientY });
      pinched = false;
      if (touches.size > 1) return studio.cancel(); // the second finger: this was meant to zoom or scroll
    } else if (event.button > 1) return;
    overlay.setPointerCapture(event.pointerId);
    if (panning) return event.preventDefault();
    view.show({ cursor: null, hover: null });
    studio.begin(pointOf(event), keysOf(event));
  });

  overlay.addEventListener("pointermove", (event) => {
    if (touches.size > 1) return pinch(event);
    if (panning) return zoom.pan(event.movementX / overlay.clientWidth, event.movementY / overlay.clientHeight);
    const point = pointOf(event);
    if (event.pointerType !== "touch") {
      view.show({ hover: point });
      overlay.style.cursor = cursorAt(point, keysOf(event));
    }
    // Coalesced events: a fast brush stroke is a curve, not a few chords.
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const each of studio.gesture && moves.length ? moves : [event]) studio.move(pointOf(each), keysOf(each));
    say(point);
  });

  function cursorAt(/** @type {{x: number, y: number}} */ point, /** @type {{reach: number}} */ { reach }) {
    const handle = studio.settings.tool === "select" && !studio.gesture && studio.handleAt(point, reach);
    if (!handle) return "";
    if (handle.across === 0.5) return "ns-resize";
    if (handle.down === 0.5) return "ew-resize";
    return handle.across === handle.down ? "nwse-resize" : "nesw-resize";
  }

  /** One of two fingers moved: their middle moves what is shown, their distance zooms. @param {PointerEvent} event */
  function pinch(event) {
    const before = touches.get(event.pointerId);
    const other = [...touches].find(([id]) => id !== event.pointerId)?.[1];
    if (!before || !other) return;
    const now = { x: event.clientX, y: event.clientY };
    const distance = (/** @type {{x: number, y: number}} */ finger) => Math.hypot(finger.x - other.x, finger.y - other.y);
    const factor = distance(now) / Math.max(1, distance(before));
    const [across, down] = [(now.x - before.x) / touches.size, (now.y - before.y) / touches.size];
    pinched ||= zoom.scale > 1 || factor > MIN_PINCH;
    if (pinched) {
      const [x, y] = placeOf({ clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 });
      zoom.pan(across / overlay.clientWidth, down / overlay.clientHeight);
      zoom.by(factor, x, y);
    } else scrollBy({ top: -down, behavior: "instant" });
    touches.set(event.pointerId, now);
  }

  overlay.addEventListener("pointerup", (event) => {
    touches.delete(event.pointerId);
    panning = false;
    if (touches.size) return;
    studio.end();
    say(pointOf(event));
  });

  overlay.addEventListener("pointercancel", (event) => {
    touches.delete(event.pointerId);
    panning = false;
    studio.cancel();
  });

  overlay.addEventListener("dblclick", (event) => studio.settings.tool === "select" && studio.selectArea(pointOf(event)));
  overlay.addEventListener("pointerleave", () => {
    view.show({ hover: null });
    say(null);
  });
  overlay.addEventListener("contextmenu", (event) => touches.size && event.preventDefault()); // a long press
}

/** Zoom all panes with the wheel over any of them; a trackpad's pinch is a wheel with Ctrl. @param {HTMLElement} panes @param {Zoom} zoom */
export function bindWheel(panes, zoom) {
  panes.addEventListener(
    "wheel",
    (event) => {
      const pane = /** @type {HTMLElement} */ (event.target).closest(".pane");
      if (!pane) return;
      const box = pane.getBoundingClientRect();
      const scrolls = document.documentElement.scrollHeight > innerHeight + 1; // then a plain wheel is the page's
      if (scrolls && !event.ctrlKey && zoom.scale === 1) return;
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return zoom.pan(-(event.deltaX || event.deltaY) / box.width, 0);
      const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 6 : 1) * WHEEL);
      zoom.by(factor, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    },
    { passive: false },
  );
}

/** Show what the zoom says, on all panes and on its buttons. @param {HTMLElement} element @param {Zoom} zoom */
export function bindZoom(element, zoom) {
  const find = (/** @type {string} */ selector) => /** @type {HTMLButtonElement} */ (element.querySelector(selector));
  const panes = find(".panes");
  zoom.subscribe(() => {
    panes.style.setProperty("--zoom", String(zoom.scale));
    panes.style.setProperty("--left", String(zoom.left / zoom.size.width));
    panes.style.setProperty("--top", String(zoom.top / zoom.size.height));
    find("[data-shows=zoom]").textContent = `${Math.round(100 * zoom.scale)}%`;
    find("[data-action=zoom-in]").disabled = !zoom.canGrow;
    for (const name of ["zoom-out", "zoom-whole"]) find(`[data-action=${name}]`).disabled = zoom.scale === 1;
  });
  bindWheel(panes, zoom);
}
