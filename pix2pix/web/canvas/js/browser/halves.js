// Numbers of half precision, of which a network's weights are a file, for WebAssembly, which has none.

/** Bytes of float16 -> bytes of float32, exactly. @type {(halves: ArrayBuffer) => Uint8Array} */
export function widened(halves) {
  const values = Float32Array.from({ length: 0x10000 }, (_, bits) => valueOf(bits));
  const bits = new Uint16Array(halves);
  const numbers = new Float32Array(bits.length);
  for (let at = 0; at < bits.length; at++) numbers[at] = values[bits[at]];
  return new Uint8Array(numbers.buffer);
}

function valueOf(bits) {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 0x3ff];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : (sign * fraction) / 2 ** 24;
}
