// The document and everything that can be done to it, with no page around it: pointer, keyboard and buttons all call
// this. Listeners get {painted, committed}: whether pixels changed, and whether history took a new state.

import { blank, clipped, cutOut, equal, fillRect, paste } from "./drawing.js";
import { areaAt, edgesOf, guidesOf } from "./edges.js";
import { History } from "./history.js";
import { around, copiesBeside, handlesOf, lift, mirrored, place, resized } from "./selection.js";
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
    this.guides = null; // {xs, ys}: edges of the drawing that what is being dragged is in line with
    this.toolBefore = null; // to which the picker returns
    this.clipboard = null; // {patch, x, y}
    this.document = this.documents = 0; // the drawing that this is a state of: another one is loaded as the next
    this.stroked = true; // false while a change is told that is no stroke: another drawing was loaded, or history
    this.origin = null; // the name of the example this drawing started from, whose target is shown
    this.listeners = [];
    if (start) this.#take(start);
    this.snapshot = this.drawing.labels.slice(); // the pixels of this revision, never written to
    this.revision = this.newest = 0; // equal revisions are equal pixels
    this.history = new History(this.#state());
  }

  /** Take settings from anywhere, as far as they are ones; the selection tool has nothing to begin with. @param {any} given @param {number} classes how many there are */
  restoreSettings(given, classes) {
    const isClass = (/** @type {any} */ value) => Number.isInteger(value) && value >= 0 && value < classes;
    const fits = {
      tool: (/** @type {any} */ value) => Object.hasOwn(TOOLS, value) && value !== "pick",
      label: isClass, eraser: isClass,
      size: (/** @type {any} */ value) => Number.isInteger(value) && value >= 1 && value <= 64,
      grid: (/** @type {any} */ value) => [1, 4, 8, 16, 32].includes(value),
      mirror: (/** @type {any} */ value) => typeof value === "boolean",
    };
    const kept = Object.entries(fits).filter(([name, fit]) => fit(given?.[name]));
    this.set(Object.fromEntries(kept.map(([name]) => [name, given[name]])));
  }

  get label() { return this.settings.label; }
  get eraser() { return this.settings.eraser; }
  get size() { return this.settings.size; }
  get grid() { return this.settings.grid; }

  subscribe(listener) {
    this.listeners.push(listener);
  }

  set(settings) {
    if (settings.tool === "pick" && this.settings.tool !== "pick") this.toolBefore = this.settings.tool;
    this.settings = { ...this.settings, ...settings };
    if (settings.tool && settings.tool !== "select") this.selectRect(null);
    this.#tell();
  }

  // --- A drag: begin, move any number of times, then end or cancel. Keys: {square, copy, pick}.

  begin(point, keys = {}) {
    this.cancel();
    const tool = keys.pick && this.settings.tool !== "select" ? "pick" : this.settings.tool;
    this.before = { selection: this.selection, floating: this.floating };
    this.edges = null;
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
    this.gesture = this.readout = this.guides = null;
    this.#commit();
    if (this.settings.tool === "pick") this.set({ tool: this.toolBefore ?? "rectangle" });
  }

  cancel() {
    if (!this.gesture) return;
    this.gesture = this.readout = this.guides = null;
    this.restore();
    Object.assign(this, this.before);
    this.#tell({ painted: true });
  }

  // --- What tools use.

  /** Put back the pixels from before the drag. */
  restore() {
    this.drawing.labels.set(this.history.current.labels);
  }

  /** Tell the size of what is dragged, and for a rectangle with what it is in line. */
  measure(size) {
    this.readout = size;
    if (size.x === undefined) return;
    this.guides = guidesOf(this.edgesOf(this.floating?.base), size, this.drawing);
  }

  /** The edges of what is drawn besides that which is dragged, found once a drag. */
  edgesOf(labels = this.history.current.labels) {
    this.edges ??= edgesOf(this.drawing, labels);
    return this.edges;
  }

  /** How near an edge pulls what is dragged: not at all beside a grid. @param {{near?: number}} keys */
  pull({ near = 0 }) {
    return this.grid === 1 ? near : 0;
  }

  /** The handle of the selection at a point, if any; `reach` in drawing pixels. */
  handleAt(point, reach = 0) {
    if (!this.selection || !reach) return null;
    const near = (handle) => Math.abs(handle.x - point.x) <= reach && Math.abs(handle.y - point.y) <= reach;
    return handlesOf(this.selection, reach).find(near) ?? null;
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

  /** Select the rectangle around the area of one class at a point, such as a window. */
  selectArea(point) {
    const pixel = this.pixelAt(point);
    if (!pixel) return;
    this.cancel();
    if (this.settings.tool !== "select") this.set({ tool: "select" });
    this.selectRect(areaAt(this.drawing, pixel.x, pixel.y));
  }

  /** Keep the selection's pixels to be pasted; returns what is kept. */
  copy() {
    if (!this.selection) return null;
    const rect = this.floating ? this.selection : clipped(this.selection, this.drawing);
    this.clipboard = { patch: this.floating?.patch ?? cutOut(this.drawing, rect), x: rect.x, y: rect.y };
    this.#tell();
    return this.clipboard;
  }

  /** Lay down what was copied, here or in another drawing, as a selection; beside itself where it came from here. */
  paste(piece = this.clipboard) {
    if (!piece) return false;
    this.clipboard = piece;
    this.set({ tool: "select" });
    const { patch } = piece;
    const offset = Math.max(8, this.grid);
    const there = { x: Math.min(piece.x, this.drawing.width - patch.width), y: Math.min(piece.y, this.drawing.height - patch.height) };
    const under = clipped({ ...there, width: patch.width, height: patch.height }, this.drawing);
    const same = under.width === patch.width && under.height === patch.height && equal(cutOut(this.drawing, under).labels, patch.labels);
    this.float({ patch, base: this.drawing.labels.slice() }, same ? { x: there.x + offset, y: there.y + offset } : there);
    this.#commit();
    return true;
  }

  /** Make the selection wider and higher by so many pixels, as its right and lower handles do. */
  grow(across, down) {
    if (!this.selection) return;
    const { width, height } = this.selection;
    const wanted = { width: Math.max(1, width + across), height: Math.max(1, height + down) };
    this.float(resized(this.lifted(), wanted), this.selection);
    this.#commit("grow");
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

  /** @param {Uint8Array} labels @param {string | null} origin */
  load(labels, origin = null) {
    this.cancel();
    this.document = ++this.documents;
    this.#take({ labels, origin, selection: null, document: this.document });
    this.stroked = false;
    this.#commit();
    this.stroked = true;
  }

  clear() {
    this.load(new Uint8Array(this.drawing.labels.length).fill(this.eraser));
  }

  /** Step back; whether there was anything to step to. */
  undo() {
    this.cancel();
    return this.#travel(this.history.undo());
  }

  redo() {
    this.cancel();
    return this.#travel(this.history.redo());
  }

  // --- Within.

  /** @param {"nudge" | "grow" | null} kind */
  #state(kind = null) {
    const { snapshot: labels, revision, origin, selection, document } = this;
    return { labels, revision, origin, selection, document, kind };
  }

  #take({ labels, origin, selection = null, document = 0 }) {
    this.document = document;
    this.drawing.labels.set(labels);
    this.origin = origin;
    this.floating = null;
    this.selection = selection && clipped(selection, this.drawing);
    if (!this.selection?.width || !this.selection?.height) this.selection = null;
  }

  #travel(state) {
    if (!state) return false;
    this.#take(state);
    this.stroked = false;
    this.#tell({ painted: true, committed: true });
    this.stroked = true;
    return true;
  }

  /** @param {"nudge" | "grow" | null} kind changes of one kind in a row are one step */
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
