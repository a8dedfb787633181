// Shows the drawing: pixels on one canvas, and what is not part of it (grid, selection, cursor) on another above it.

import { handlesOf } from "../model/selection.js";

export const HANDLE_REACH = 6; // CSS pixels from which a mouse takes a handle of the selection

export class CanvasView {
  constructor(labels, overlay, studio, palette, zoom) {
    this.overlay = overlay;
    this.studio = studio;
    this.zoom = zoom;
    this.pixels = labels.getContext("2d");
    this.image = this.pixels.createImageData(labels.width, labels.height);
    this.colours = new Uint32Array(palette.map(({ rgb: [r, g, b] }) => (0xff << 24) | (b << 16) | (g << 8) | r));
    this.marks = overlay.getContext("2d");
    this.cursor = null; // {x, y} of the keyboard's crosshair
    this.hover = null; // {x, y} of the pointer, for the outline of the brush
    this.stale = { pixels: true, scheduled: false };
    studio.subscribe(({ painted }) => this.refresh(painted));
    zoom.subscribe(() => this.refresh());
    new ResizeObserver(() => this.refresh()).observe(overlay);
    this.refresh(true);
  }

  /** Draw in the next frame; the pixels too when they changed. */
  refresh(painted = false) {
    this.stale.pixels ||= painted;
    if (this.stale.scheduled) return;
    this.stale.scheduled = true;
    requestAnimationFrame(() => {
      this.stale.scheduled = false;
      if (this.stale.pixels) this.#drawPixels();
      this.#drawMarks();
    });
  }

  show(marks) {
    Object.assign(this, marks);
    this.refresh();
  }

  #drawPixels() {
    this.stale.pixels = false;
    const { labels } = this.studio.drawing;
    const colours = new Uint32Array(this.image.data.buffer);
    for (let at = 0; at < labels.length; at++) colours[at] = this.colours[labels[at]];
    this.pixels.putImageData(this.image, 0, 0);
  }

  #drawMarks() {
    const { overlay, marks, studio } = this;
    const side = Math.round(overlay.clientWidth * devicePixelRatio);
    if (overlay.width !== side) overlay.width = overlay.height = side;
    marks.setTransform(1, 0, 0, 1, 0, 0);
    marks.clearRect(0, 0, side, side);
    const { left, top } = this.zoom;
    const scale = (this.zoom.scale * side) / studio.drawing.width; // device pixels per drawing pixel
    marks.setTransform(1, 0, 0, 1, -Math.round(left * scale), -Math.round(top * scale));
    const whole = studio.drawing.width * scale;
    if (studio.grid > 1) this.#drawGrid(scale, whole);
    if (studio.settings.mirror) this.#line([[whole / 2, 0], [whole / 2, whole]], [6 * devicePixelRatio]);
    if (studio.selection) this.#box(studio.selection, scale, [4 * devicePixelRatio]);
    if (studio.selection && studio.settings.tool === "select" && !studio.gesture) this.#drawHandles(scale);
    if (studio.guides) this.#drawGuides(studio.guides, scale, whole);
    const point = this.cursor ?? this.hover;
    if (point && ["brush", "line", "eraser"].includes(studio.settings.tool)) this.#ring(point, scale);
    if (this.cursor) this.#crosshair(this.cursor, scale, whole);
  }

  #drawGrid(scale, side) {
    const { marks, studio } = this;
    marks.beginPath();
    for (let at = studio.grid; at < studio.drawing.width; at += studio.grid) {
      const place = Math.round(at * scale) + 0.5;
      marks.moveTo(place, 0);
      marks.lineTo(place, side);
      marks.moveTo(0, place);
      marks.lineTo(side, place);
    }
    marks.lineWidth = 1;
    marks.setLineDash([]);
    marks.strokeStyle = "rgb(255 255 255 / 0.22)";
    marks.stroke();
  }

  #drawGuides({ xs, ys }, scale, whole) {
    for (const x of xs) this.#line([[x * scale, 0], [x * scale, whole]], [2 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const y of ys) this.#line([[0, y * scale], [whole, y * scale]], [2 * devicePixelRatio, 3 * devicePixelRatio]);
  }

  #drawHandles(scale) {
    const { marks, studio } = this;
    const side = 7 * devicePixelRatio;
    for (const { x, y } of handlesOf(studio.selection, HANDLE_REACH * (studio.drawing.width / this.zoom.scale / this.overlay.clientWidth))) {
      marks.setLineDash([]);
      marks.fillStyle = "white";
      marks.strokeStyle = "black";
      marks.lineWidth = devicePixelRatio;
      marks.fillRect(x * scale - side / 2, y * scale - side / 2, side, side);
      marks.strokeRect(x * scale - side / 2, y * scale - side / 2, side, side);
    }
  }

  #box({ x, y, width, height }, scale, dash) {
    const [left, top, right, bottom] = [x, y, x + width, y + height].map((each) => Math.round(each * scale) + 0.5);
    this.#line([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]], dash);
  }

  #ring({ x, y }, scale) {
    const { marks, studio } = this;
    for (const { colour, extra } of [{ colour: "black", extra: 0 }, { colour: "white", extra: devicePixelRatio }]) {
      marks.beginPath();
      marks.arc(x * scale, y * scale, Math.max(0.5, (studio.size / 2) * scale - extra), 0, 2 * Math.PI);
      marks.setLineDash([]);
      marks.strokeStyle = colour;
      marks.lineWidth = devicePixelRatio;
      marks.stroke();
    }
  }

  #crosshair({ x, y }, scale, side) {
    const [across, down] = [Math.floor(x) + 0.5, Math.floor(y) + 0.5].map((each) => Math.round(each * scale) + 0.5);
    this.#line([[across, 0], [across, side]]);
    this.#line([[0, down], [side, down]]);
  }

  /** Black under white: seen on every class. */
  #line(points, dash = []) {
    const { marks } = this;
    for (const [colour, pattern] of [["black", []], ["white", dash.length ? dash : [2 * devicePixelRatio]]]) {
      marks.beginPath();
      points.forEach(([x, y], at) => (at ? marks.lineTo(x, y) : marks.moveTo(x, y)));
      marks.setLineDash(pattern);
      marks.strokeStyle = colour;
      marks.lineWidth = devicePixelRatio;
      marks.stroke();
    }
  }
}
