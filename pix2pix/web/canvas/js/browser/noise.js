// The numbers that numpy's default_rng(seed) gives, one by one, so that a seed is the same picture here and in Python:
// SeedSequence, PCG64 (XSL-RR 128/64), the ziggurat of Marsaglia & Tang with 256 layers in float32, and Lemire's bounded
// integers.

const M128 = (1n << 128n) - 1n;
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const POOL = 4; // words

/**
 * The four 64-bit words that numpy's SeedSequence makes of a few numbers below 2^32.
 * @type {(entropy: number[]) => bigint[]}
 */
function seedWords(entropy) {
  let constant = 0x43b0d7e5;
  const hash = (value) => {
    value ^= constant;
    constant = Math.imul(constant, 0x931e8875);
    value = Math.imul(value, constant);
    return (value ^ (value >>> 16)) >>> 0;
  };
  const mix = (one, other) => {
    const value = (Math.imul(one, 0xca01f9dd) - Math.imul(other, 0x4973f715)) >>> 0;
    return (value ^ (value >>> 16)) >>> 0;
  };
  const pool = Array.from({ length: POOL }, (_, at) => hash(entropy[at] ?? 0));
  for (let from = 0; from < POOL; from++) {
    for (let to = 0; to < POOL; to++) if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
  }
  constant = 0x8b51f9dd;
  const halves = Array.from({ length: 2 * POOL }, (_, at) => {
    let value = pool[at % POOL] ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    value = Math.imul(value, constant);
    return BigInt((value ^ (value >>> 16)) >>> 0);
  });
  return [0, 2, 4, 6].map((at) => halves[at] | (halves[at + 1] << 32n));
}

const LIMBS = 8; // of 16 bits: BigInt takes ten times as long

/** @type {(value: bigint) => Float64Array} */
const limbsOf = (value) => Float64Array.from({ length: LIMBS }, (_, at) => Number((value >> BigInt(16 * at)) & 0xffffn));

/** A function that gives PCG64's next 32 bits: of each 64 the lower half first. */
function pcg64(entropy) {
  const [a, b, c, d] = seedWords(entropy);
  const increment = ((((c << 64n) | d) << 1n) | 1n) & M128;
  const first = (((increment + ((a << 64n) | b)) & M128) * MULTIPLIER + increment) & M128;
  const [multiplier, added] = [limbsOf(MULTIPLIER), limbsOf(increment)];
  let [state, spare] = [limbsOf(first), limbsOf(0n)];
  const advance = () => {
    let carry = 0;
    for (let at = 0; at < LIMBS; at++) {
      let sum = carry + added[at];
      for (let from = 0; from <= at; from++) sum += state[from] * multiplier[at - from];
      carry = Math.floor(sum / 0x10000);
      spare[at] = sum - carry * 0x10000;
    }
    [state, spare] = [spare, state];
  };
  let upper = -1;
  return () => {
    if (upper >= 0) {
      const value = upper;
      upper = -1;
      return value;
    }
    advance();
    let lower = (state[0] ^ state[4]) | ((state[1] ^ state[5]) << 16);
    let higher = (state[2] ^ state[6]) | ((state[3] ^ state[7]) << 16);
    const turn = state[7] >>> 10;
    if (turn & 32) [lower, higher] = [higher, lower];
    const bits = turn & 31;
    if (bits) [lower, higher] = [(lower >>> bits) | (higher << (32 - bits)), (higher >>> bits) | (lower << (32 - bits))];
    upper = higher >>> 0;
    return lower >>> 0;
  };
}

const EDGE = 3.654152885361009; // where the tail begins
const AREA = 0.004928673233974652; // of each layer
const LAYERS = 256;
const UNIT = 2 ** 23;
const density = (x) => Math.exp(-0.5 * x * x);
const edges = [EDGE]; // from the outermost inwards
while (edges.length < LAYERS - 1) edges.push(Math.sqrt(-2 * Math.log(density(edges[edges.length - 1]) + AREA / edges[edges.length - 1])));
edges.push(0);
edges.reverse(); // edges[i] is where layer i ends; layer 0 is the base with the tail
const widths = Float32Array.from(edges, (edge, at) => (at ? edge : AREA / density(EDGE)) / UNIT);
const heights = Float32Array.from(edges, density);
const inside = Uint32Array.from(edges, (edge, at) => (at === 1 ? 0 : UNIT * (at ? edges[at - 1] / edge : (EDGE * density(EDGE)) / AREA)));

const f = Math.fround;

/** The stream of numbers of a seed, or of several numbers that are one together. */
export class Stream {
  constructor(...entropy) {
    this.next = pcg64(entropy);
  }

  /** A whole number below `most`. */
  integer(most) {
    const [range, threshold] = [BigInt(most), BigInt((2 ** 32 - most) % most)];
    for (;;) {
      const product = BigInt(this.next()) * range;
      if ((product & 0xffffffffn) >= threshold) return Number(product >> 32n);
    }
  }

  /** `count` numbers N(0, 1). */
  normals(count) {
    const numbers = new Float32Array(count);
    for (let at = 0; at < count; at++) numbers[at] = this.#normal();
    return numbers;
  }

  #uniform() {
    return (this.next() >>> 8) / 2 ** 24;
  }

  #normal() {
    for (;;) {
      const bits = this.next();
      const layer = bits & 0xff;
      const size = bits >>> 9;
      const x = f(bits & 0x100 ? -size * widths[layer] : size * widths[layer]);
      if (size < inside[layer]) return x;
      if (layer === 0) return this.#tail(size);
      const height = f(f(f(heights[layer - 1] - heights[layer]) * this.#uniform()) + heights[layer]);
      if (height < Math.exp(-0.5 * x * x)) return x;
    }
  }

  #tail(size) {
    for (;;) {
      const x = f(f(-1 / EDGE) * f(Math.log1p(-this.#uniform())));
      const y = f(-f(Math.log1p(-this.#uniform())));
      if (f(y + y) > f(x * x)) return (size >>> 8) & 1 ? -f(f(EDGE) + x) : f(f(EDGE) + x);
    }
  }
}
