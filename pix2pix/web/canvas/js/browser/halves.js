// Numbers of half precision, of which a network's weights are a file, for WebAssembly, which has none.

import { giveBack } from "./memory.js";

/**
 * Bytes of float16 as the bytes of float32 that they stand for, exactly. ONNX Runtime takes one tensor after the other
 * out of them by `subarray`, and each is made then and lasts until the next: all at once they would take twice the
 * file's memory once more.
 */
export class Widened extends Uint8Array {
  /** @param {ArrayBuffer} halves */
  constructor(halves) {
    super(0);
    this.halves = new Uint16Array(halves);
    this.wide = new ArrayBuffer(0);
    this.numbers = Float32Array.from({ length: 0x10000 }, (_, bits) => valueOf(bits));
  }

  get byteLength() {
    return 2 * this.halves.byteLength;
  }

  /** `start` and `end` are bytes of float32, whole numbers of them. */
  subarray(start = 0, end = this.byteLength) {
    const halves = this.halves.subarray(start / 4, end / 4);
    giveBack(this.wide);
    const wide = new Float32Array(halves.length);
    this.wide = wide.buffer;
    for (let at = 0; at < halves.length; at++) wide[at] = this.numbers[halves[at]];
    return new Uint8Array(wide.buffer);
  }

  end() {
    giveBack(this.halves.buffer);
    giveBack(this.wide);
  }
}

function valueOf(bits) {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 0x3ff];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : (sign * fraction) / 2 ** 24;
}
