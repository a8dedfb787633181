// Mouse, pen and one finger paint; two fingers scroll the page.

const keysOf = (event) => ({ square: event.shiftKey, copy: event.altKey, pick: event.altKey });

export function bindPointer(overlay, studio, view, say) {
  const touches = new Map(); // pointerId -> last clientY, of fingers on the canvas

  const pointOf = (event) => {
    const box = overlay.getBoundingClientRect();
    const scale = studio.drawing.width / box.width;
    return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
  };

  // Where text around is selected, the browser would drag that away instead of painting.
  overlay.addEventListener("dragstart", (event) => event.preventDefault());

  overlay.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch") {
      touches.set(event.pointerId, event.clientY);
      if (touches.size > 1) return studio.cancel(); // the second finger: this was meant to scroll
    } else if (event.button !== 0) return;
    overlay.setPointerCapture(event.pointerId);
    view.show({ cursor: null, hover: null });
    studio.begin(pointOf(event), keysOf(event));
  });

  overlay.addEventListener("pointermove", (event) => {
    const point = pointOf(event);
    if (touches.size > 1) return scroll(event);
    if (event.pointerType !== "touch") view.show({ hover: point });
    // Coalesced events: a fast brush stroke is a curve, not a few chords.
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const each of studio.gesture && moves.length ? moves : [event]) studio.move(pointOf(each), keysOf(each));
    say(point);
  });

  function scroll(event) {
    const before = touches.get(event.pointerId);
    if (before === undefined) return;
    touches.set(event.pointerId, event.clientY);
    scrollBy({ top: (before - event.clientY) / touches.size, behavior: "instant" });
  }

  overlay.addEventListener("pointerup", (event) => {
    touches.delete(event.pointerId);
    if (touches.size) return;
    studio.end();
    say(pointOf(event));
  });

  overlay.addEventListener("pointercancel", (event) => {
    touches.delete(event.pointerId);
    studio.cancel();
  });

  overlay.addEventListener("pointerleave", () => {
    view.show({ hover: null });
    say(null);
  });
  overlay.addEventListener("contextmenu", (event) => touches.size && event.preventDefault()); // a long press
}
