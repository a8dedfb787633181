// A black pen and an eraser on white. The value is the sheet as a data URL; it is set while a line is drawn, too, so
// that the picture follows.

const PAUSE = 60; // milliseconds between two values while the pen moves
const MAX_UNDO = 100;
const STEPS = 64; // arrow presses across the sheet
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {HTMLElement} element
 * @param {{value: string | null, eraser: number, pen: number}} props
 * @param {(names: string, changed: () => void) => void} watch
 * @param {(event: string) => void} trigger
 */
// eslint-disable-next-line no-unused-vars -- called by what the component appends
function startPen(element, props, watch, trigger) {
  const find = (/** @type {string} */ selector) => /** @type {any} */ (element.querySelector(selector));
  const canvas = /** @type {HTMLCanvasElement} */ (find("canvas"));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  const [slider, point] = [find("input[type=range]"), find(".point")];
  const widths = { pen: props.pen, eraser: props.eraser };
  /** @type {ImageData[]} */
  let states = [];
  let at = -1; // the state that is shown
  /** @type {"pen" | "eraser"} */
  let tool = "pen";
  let sent = "";
  let timer = 0;
  /** @type {{x: number, y: number} | null} */
  let last = null; // where the line that is being drawn has come to
  /** @type {{x: number, y: number, down: boolean} | null} */
  let cursor = null; // of the keyboard

  const blank = () => {
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, canvas.width, canvas.height);
  };
  const send = () => {
    clearTimeout(timer);
    timer = 0;
    props.value = sent = canvas.toDataURL("image/png");
  };
  const sendSoon = () => (timer ||= window.setTimeout(send, PAUSE));
  const show = () => {
    find("[data-action=undo]").disabled = at <= 0;
    find("[data-action=redo]").disabled = at >= states.length - 1;
    for (const name of ["pen", "eraser"]) find(`[data-tool=${name}]`).setAttribute("aria-pressed", String(name === tool));
    slider.value = widths[tool];
    point.hidden = !cursor;
    if (!cursor) return;
    const [box, around] = [canvas.getBoundingClientRect(), point.parentElement.getBoundingClientRect()];
    point.style.left = `${box.left - around.left + (cursor.x / canvas.width) * box.width}px`;
    point.style.top = `${box.top - around.top + (cursor.y / canvas.height) * box.height}px`;
    point.toggleAttribute("data-down", cursor.down);
  };
  const keep = () => {
    states = [...states.slice(Math.max(0, at + 1 - MAX_UNDO), at + 1), context.getImageData(0, 0, canvas.width, canvas.height)];
    at = states.length - 1;
    show();
  };
  const travel = (/** @type {number} */ by) => {
    if (!states[at + by]) return;
    context.putImageData(states[(at += by)], 0, 0);
    show();
    send();
  };
  const choose = (/** @type {"pen" | "eraser"} */ name) => {
    tool = name;
    show();
  };
  const widen = (/** @type {number} */ by) => {
    widths[tool] = Math.min(Math.max(1, widths[tool] + by), Number(slider.max));
    show();
  };
  const clear = () => {
    blank();
    keep();
    send();
    trigger("clear");
  };

  // --- Lines

  const begin = (/** @type {{x: number, y: number}} */ place) => {
    last = place;
    lead(place);
  };
  const lead = (/** @type {{x: number, y: number}} */ place) => {
    if (!last) return;
    Object.assign(context, { strokeStyle: tool === "pen" ? "#000000" : "#ffffff", lineWidth: widths[tool], lineCap: "round", lineJoin: "round" });
    context.beginPath();
    context.moveTo(last.x, last.y);
    context.lineTo(place.x, place.y);
    context.stroke();
    last = place;
    sendSoon();
  };
  const end = () => {
    if (!last) return;
    last = null;
    keep();
    send();
  };
  const drop = () => {
    if (!last) return;
    last = null;
    context.putImageData(states[at], 0, 0);
    send();
  };

  // --- Pointer and keys

  const placeOf = (/** @type {PointerEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * canvas.width, y: ((event.clientY - box.top) / box.height) * canvas.height };
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    if (!event.isPrimary) return drop(); // the second finger
    canvas.setPointerCapture(event.pointerId);
    cursor = null;
    begin(placeOf(event));
    show();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!event.isPrimary || !last) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const each of moves.length ? moves : [event]) lead(placeOf(each));
  });
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", drop);
  canvas.addEventListener("blur", () => {
    if (cursor) end();
    cursor = null;
    show();
  });
  canvas.addEventListener("keydown", (event) => {
    const bounded = (/** @type {number} */ value, /** @type {number} */ most) => Math.min(Math.max(value, 0), most);
    if (event.key === " " || event.key === "Enter") {
      cursor ??= { x: canvas.width / 2, y: canvas.height / 2, down: false };
      cursor.down = !cursor.down;
      if (cursor.down) begin(cursor);
      else end();
    } else if (ARROWS[event.key]) {
      const [across, down] = ARROWS[event.key].map((/** @type {number} */ each) => (each * (event.shiftKey ? 8 : 1) * canvas.width) / STEPS);
      const from = cursor ?? { x: canvas.width / 2, y: canvas.height / 2, down: false };
      cursor = { ...from, x: bounded(from.x + across, canvas.width), y: bounded(from.y + down, canvas.height) };
      lead(cursor);
    } else if (event.key === "Escape" && cursor) {
      cursor.down = false;
      drop();
    } else return;
    event.preventDefault();
    show();
  });
  element.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (key === "z") travel(event.shiftKey ? 1 : -1);
      else if (key === "y") travel(1);
      else return;
    } else if (key === "p" || key === "e") choose(key === "p" ? "pen" : "eraser");
    else if (key === "[" || key === "]") widen(key === "[" ? -1 : 1);
    else return;
    event.preventDefault();
  });
  for (const name of /** @type {const} */ (["pen", "eraser"])) find(`[data-tool=${name}]`).addEventListener("click", () => choose(name));
  find("[data-action=undo]").addEventListener("click", () => travel(-1));
  find("[data-action=redo]").addEventListener("click", () => travel(1));
  find("[data-action=clear]").addEventListener("click", clear);
  slider.addEventListener("input", () => (widths[tool] = Number(slider.value)));

  // --- The value that the page sets: an example

  const take = async () => {
    const { value } = props;
    if (!value || value === sent) return;
    sent = value;
    const image = new Image();
    image.src = value;
    await image.decode();
    if (value !== sent) return;
    blank();
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    if (at === 0) at = -1; // the first example is what the page opens with: before it, there was nothing
    keep();
  };
  watch("value", take);
  blank();
  keep();
  take();
}
