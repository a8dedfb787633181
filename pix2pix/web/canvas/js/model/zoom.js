// Which part of the picture the panes show: all of them the same part, so that drawing and photo stay comparable.

const MAX_SCALE = 8;
const STEP = 1.5; // of one press of a key or button

/** @import { Point } from "./drawing.js" */

export class Zoom {
  /** @param {{width: number, height: number}} drawing in pixels */
  constructor({ width, height }) {
    this.size = { width, height };
    this.scale = 1;
    this.left = 0; // drawing pixels cut off at the left
    this.top = 0;
    /** @type {(() => void)[]} */
    this.listeners = [];
  }

  /** @param {() => void} listener */
  subscribe(listener) {
    this.listeners.push(listener);
    listener();
  }

  /** Place in a pane, as shares 0..1 of its sides -> drawing pixels. @param {number} x @param {number} y @returns {Point} */
  pointAt(x, y) {
    return { x: this.left + (x * this.size.width) / this.scale, y: this.top + (y * this.size.height) / this.scale };
  }

  /** Enlarge by `factor` so that what lies at a place of the pane stays there. @param {number} factor @param {number} x @param {number} y */
  by(factor, x = 0.5, y = 0.5) {
    const fixed = this.pointAt(x, y);
    const scale = Math.min(Math.max(this.scale * factor, 1), MAX_SCALE);
    const near = scale < 1.02 ? 1 : scale; // the last bit of a pinch or a wheel
    this.#show(near, fixed.x - (x * this.size.width) / near, fixed.y - (y * this.size.height) / near);
  }

  in(x = 0.5, y = 0.5) {
    this.by(STEP, x, y);
  }

  out(x = 0.5, y = 0.5) {
    this.by(1 / STEP, x, y);
  }

  whole() {
    this.#show(1, 0, 0);
  }

  /** Move what is shown by shares of the pane. @param {number} x @param {number} y */
  pan(x, y) {
    this.#show(this.scale, this.left - (x * this.size.width) / this.scale, this.top - (y * this.size.height) / this.scale);
  }

  /** Show a point that lies outside of what is shown. @param {Point} point */
  reveal({ x, y }) {
    const { width, height } = this.size;
    const [across, down] = [width / this.scale, height / this.scale];
    const left = x < this.left ? x - across / 4 : x > this.left + across ? x - (3 * across) / 4 : this.left;
    const top = y < this.top ? y - down / 4 : y > this.top + down ? y - (3 * down) / 4 : this.top;
    if (left !== this.left || top !== this.top) this.#show(this.scale, left, top);
  }

  get canGrow() {
    return this.scale < MAX_SCALE;
  }

  /** @param {number} scale @param {number} left @param {number} top */
  #show(scale, left, top) {
    const { width, height } = this.size;
    this.scale = scale;
    this.left = Math.min(Math.max(left, 0), width - width / scale);
    this.top = Math.min(Math.max(top, 0), height - height / scale);
    for (const listener of this.listeners) listener();
  }
}
