// The document and everything that can be done to it, with no page around it: pointer, keyboard and buttons all call
// this. Listeners get {painted, committed}: whether pixels changed, and whether history took a new state.

import { blank, clipped, cutOut, equal, fillRect, paste } from "./drawing.js";
import { History } from "./history.js";
import { around, copiesBeside, lift, mirrored, place } from "./selection.js";
import { TOOLS } from "./tools.js";

export class Studio {
  /** `wall` is the class that an empty drawing is made of; `start` a state {labels, origin} to begin from. */
  constructor({ width, height, wall, label = wall, start = null }) {
    this.drawing = blank(width, height, wall);
    this.settings = { tool: "rectangle", label, eraser: wall, size: 8, grid: 1, mirror: false, shares: false };
    this.wall = wall;
    this.selection = null; // {x, y, width, height}, perhaps hanging over the edge while it floats
    this.floating = null;
    this.readout = null; // {width, height} of what is being dragged
    this.gesture = null;
    this.origin = null; // the name of the example this drawing started from, whose target is shown
    this.listeners = [];
    if (start) this.#take(start);
    this.snapshot = this.drawing.labels.slice(); // the pixels of this revision, never written to
    this.revision = this.newest = 0; // equal revisions are equal pixels
    this.history = new History(this.#state());
  }

  get label() { return this.settings.label; }
  get eraser() { return this.settings.eraser; }
  get size() { return this.settings.size; }
  get grid() { return this.settings.grid; }

  subscribe(listener) {
    this.listeners.push(listener);
  }

  set(settings) {
    this.settings = { ...this.settings, ...settings };
    if (settings.tool && settings.tool !== "select") this.selectRect(null);
    this.#tell();
  }

  // --- A drag: begin, move any number of times, then end or cancel. Keys: {square, copy, pick}.

  begin(point, keys = {}) {
    this.cancel();
    const tool = keys.pick && this.settings.tool !== "select" ? "pick" : this.settings.tool;
    this.before = { selection: this.selection, floating: this.floating };
    this.gesture = TOOLS[tool](this, point, keys);
    this.move(point, keys);
  }

  move(point, keys = {}) {
    if (!this.gesture) return;
    this.gesture.move(point, keys);
    this.#tell({ painted: true });
  }

  end() {
    if (!this.gesture) return;
    this.gesture = this.readout = null;
    this.#commit();
  }

  cancel() {
    if (!this.gesture) return;
    this.gesture = this.readout = null;
    this.restore();
    Object.assign(this, this.before);
    this.#tell({ painted: true });
  }

  // --- What tools use.

  /** Put back the pixels from before the drag. */
  restore() {
    this.drawing.labels.set(this.history.current.labels);
  }

  measure(size) {
    this.readout = size;
  }

  /** A shape, and with mirror painting also the one across the axis. */
  withMirror(shape, across) {
    return this.settings.mirror ? [shape, across(shape, this.drawing)] : [shape];
  }

  /** The pixel that holds a point, or null outside of the drawing. */
  pixelAt(point) {
    const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
    return x >= 0 && y >= 0 && x < this.drawing.width && y < this.drawing.height ? { x, y } : null;
  }

  snapped(point) {
    return this.grid === 1 ? point : this.snappedCorner(point);
  }

  snappedCorner({ x, y }) {
    const grid = this.grid;
    return { x: Math.round(x / grid) * grid, y: Math.round(y / grid) * grid };
  }

  // --- The selection.

  selectRect(rect) {
    const visible = rect && clipped(rect, this.drawing);
    this.selection = visible?.width && visible?.height ? visible : null;
    this.floating = null;
    this.#tell();
  }

  selectAll() {
    this.set({ tool: "select" });
    this.selectRect({ x: 0, y: 0, ...this.drawing });
  }

  /** The selection as a floating one; a copy leaves the original where it is. */
  lifted(copy = false) {
    if (!this.floating) return lift(this.drawing, this.selection, this.eraser, copy);
    return copy ? { patch: this.floating.patch, base: this.drawing.labels.slice() } : this.floating;
  }

  float(floating, { x, y }) {
    place(this.drawing, floating, x, y);
    this.floating = floating;
    this.selection = { x, y, width: floating.patch.width, height: floating.patch.height };
  }

  nudge(across, down) {
    if (!this.selection) return;
    this.float(this.lifted(), { x: this.selection.x + across, y: this.selection.y + down });
    this.#commit("nudge");
  }

  duplicate() {
    if (!this.selection) return;
    const offset = Math.max(8, this.grid);
    this.float(this.lifted(true), { x: this.selection.x + offset, y: this.selection.y + offset });
    this.#commit();
  }

  flip() {
    if (!this.selection) return;
    this.float(mirrored(this.lifted()), this.selection);
    this.#commit();
  }

  remove() {
    if (!this.selection) return;
    if (this.floating) this.drawing.labels.set(this.floating.base);
    else fillRect(this.drawing, this.selection, this.eraser);
    this.selection = this.floating = null;
    this.#commit();
  }

  /** Copy the selection beside itself: "left", "right", "up" or "down", `count` times or (null) to the edge. */
  repeat(direction, count, gap) {
    if (!this.selection) return 0;
    const patch = this.floating?.patch ?? cutOut(this.drawing, this.selection);
    const corners = copiesBeside(this.selection, direction, count, gap, this.drawing);
    for (const { x, y } of corners) paste(this.drawing, patch, x, y);
    const whole = around(this.selection, corners);
    this.selectRect(whole); // a row just made is ready to become storeys
    this.#commit();
    return corners.length;
  }

  // --- Whole drawings.

  load(labels, origin = null) {
    this.cancel();
    this.#take({ labels, origin, selection: null });
    this.#commit();
  }

  clear() {
    this.load(new Uint8Array(this.drawing.labels.length).fill(this.eraser));
  }

  undo() {
    this.cancel();
    this.#travel(this.history.undo());
  }

  redo() {
    this.cancel();
    this.#travel(this.history.redo());
  }

  // --- Within.

  /** @param {"nudge" | null} kind */
  #state(kind = null) {
    const { snapshot: labels, revision, origin, selection } = this;
    return { labels, revision, origin, selection, kind };
  }

  #take({ labels, origin, selection = null }) {
    this.drawing.labels.set(labels);
    this.origin = origin;
    this.floating = null;
    this.selection = selection && clipped(selection, this.drawing);
    if (!this.selection?.width || !this.selection?.height) this.selection = null;
  }

  #travel(state) {
    if (!state) return;
    this.#take(state);
    this.#tell({ painted: true, committed: true });
  }

  /** @param {"nudge" | null} kind changes of one kind in a row are one step */
  #commit(kind = null) {
    this.#revise();
    const { current } = this.history;
    const changed = current.origin !== this.origin || current.revision !== this.revision;
    const continues = kind && current.kind === kind && !this.history.canRedo;
    if (changed && continues) this.history.replace(this.#state(kind));
    else if (changed) this.history.push(this.#state(kind));
    this.#tell({ painted: true, committed: changed });
  }

  /** Count a revision where the pixels changed; those of the history's current state are that one's again. */
  #revise() {
    const { labels } = this.drawing;
    const { current } = this.history;
    if (equal(labels, current.labels)) [this.snapshot, this.revision] = [current.labels, current.revision];
    else if (!equal(labels, this.snapshot)) [this.snapshot, this.revision] = [labels.slice(), ++this.newest];
  }

  #tell({ painted = false, committed = false } = {}) {
    if (painted) this.#revise();
    for (const listener of this.listeners) listener({ painted, committed });
  }
}
