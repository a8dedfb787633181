// Numbers of half precision, of which a network's weights are a file, for WebAssembly, which has none.

/**
 * Bytes of float16 as the bytes of float32 that they stand for, exactly. ONNX Runtime takes one tensor after the other
 * out of them by `subarray`, and each is made then: all at once they would take twice the file's memory once more.
 */
export class Widened extends Uint8Array {
  /** @param {ArrayBuffer} halves */
  constructor(halves) {
    super(0);
    this.halves = new Uint16Array(halves);
    this.numbers = Float32Array.from({ length: 0x10000 }, (_, bits) => valueOf(bits));
  }

  get byteLength() {
    return 2 * this.halves.byteLength;
  }

  /** `start` and `end` are bytes of float32, whole numbers of them. */
  subarray(start = 0, end = this.byteLength) {
    const halves = this.halves.subarray(start / 4, end / 4);
    const wide = new Float32Array(halves.length);
    for (let at = 0; at < halves.length; at++) wide[at] = this.numbers[halves[at]];
    return new Uint8Array(wide.buffer);
  }
}

function valueOf(bits) {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 0x3ff];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : (sign * fraction) / 2 ** 24;
}
