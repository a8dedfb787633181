// A facade seen askew in a photo, made upright: as pix2pix/inference/perspective.py and Pillow do it, to one grey level.

/** @typedef {{data: Uint8ClampedArray, width: number, height: number}} Picture RGBA, opaque */
/** @typedef {number[][]} Corners (x, y): top left, top right, bottom right, bottom left */

const MIN_SIDE = 16; // pixels of the photo: a facade further away shows no windows
const FINER = 2; // times: so fine is it sampled before it is averaged
const MIN_HOUSE = 0.05; // of a photo: less of a house is none
const MIN_COLUMN = 0.5; // of the house in its fullest columns: what has less is not the front
const MAX_BREAK = 3; // columns
const [FITS, MIN_FITTING, NEAR_LINE] = [3, 0.7, 4]; // rounds, share of the columns, pixels

/** Why these, in pixels, are no corners of a facade; "" where they are. @param {Corners} corners */
export function faultOf(corners) {
  const sides = corners.map(([x, y], at) => [corners[(at + 1) % 4][0] - x, corners[(at + 1) % 4][1] - y]);
  const turns = sides.map(([x, y], at) => x * sides[(at + 1) % 4][1] - y * sides[(at + 1) % 4][0]);
  if (!turns.every((turn) => turn > 0)) {
    return "the sides between the corners cross, or one lies inside of the others: give top left, top right, bottom right, bottom left";
  }
  if (Math.min(...sides.map(([x, y]) => Math.hypot(x, y))) < MIN_SIDE) {
    return `the corners leave less than ${MIN_SIDE} pixels between them: too few to see a facade in`;
  }
  return "";
}

/** What lies between corners of a photo, in its pixels, as a square. @type {(photo: Picture, corners: Corners, side: number) => Picture} */
export function rectified(photo, corners, side) {
  const lengths = corners.map(([x, y], at) => Math.hypot(corners[(at + 1) % 4][0] - x, corners[(at + 1) % 4][1] - y));
  const coarser = Math.max(1, Math.floor(Math.min(...lengths) / (FINER * side)));
  const fine = FINER * side;
  const source = homography(corners.map((corner) => corner.map((each) => each / coarser)), fine);
  return resized(transformed(reduced(photo, coarser), source, fine), side);
}

/** A picture as a square; each pixel is the mean of those whose middles it covers. @type {(picture: Picture, side: number) => Picture} */
export function resized({ data, width, height }, side) {
  const across = averaged(data, width, side, height, 4, 4 * width, 4 * side);
  return { data: averaged(across, height, side, side, 4 * side, 4, 4), width: side, height: side };
}

/**
 * `count` lines of `from` RGBA pixels, `step` numbers apart, the lines `line` apart -> lines of `to` pixels, these `toLine` apart.
 * @type {(data: Uint8ClampedArray, from: number, to: number, count: number, step: number, line: number, toLine: number) => Uint8ClampedArray}
 */
function averaged(data, from, to, count, step, line, toLine) {
  const result = new Uint8ClampedArray(4 * to * count);
  const scale = from / to;
  const reach = Math.max(scale, 1) / 2;
  for (let place = 0; place < to; place++) {
    const middle = (place + 0.5) * scale;
    const first = Math.max(Math.floor(middle - reach + 0.5), 0);
    const last = Math.min(Math.floor(middle + reach + 0.5), from);
    for (let at = 0; at < count; at++) {
      for (let channel = 0; channel < 4; channel++) {
        let sum = 0;
        for (let each = first; each < last; each++) sum += data[at * line + each * step + channel];
        result[at * toLine + place * step + channel] = Math.floor(sum / (last - first) + 0.5);
      }
    }
  }
  return result;
}

/** A picture of `factor` times fewer pixels a side; the last ones may be means of fewer. @type {(picture: Picture, factor: number) => Picture} */
function reduced({ data, width, height }, factor) {
  if (factor === 1) return { data, width, height };
  const [columns, rows] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const means = new Uint8ClampedArray(4 * columns * rows);
  for (let row = 0; row < rows; row++) {
    const [sums, counts] = [new Uint32Array(4 * columns), new Uint32Array(columns)];
    for (let y = factor * row; y < Math.min(factor * (row + 1), height); y++) {
      for (let x = 0, from = 4 * y * width; x < width; x++, from += 4) {
        const column = Math.floor(x / factor);
        counts[column]++;
        for (let channel = 0; channel < 4; channel++) sums[4 * column + channel] += data[from + channel];
      }
    }
    sums.forEach((sum, at) => (means[4 * columns * row + at] = Math.floor(sum / counts[at >> 2] + 0.5)));
  }
  return { data: means, width: columns, height: rows };
}

/** The square of `side` pixels each of which is seen, through a homography, between four of the photo. @type {(photo: Picture, source: number[], side: number) => Picture} */
function transformed({ data, width, height }, [a, b, c, d, e, f, g, h], side) {
  const result = new Uint8ClampedArray(4 * side * side).fill(255);
  for (let row = 0, to = 0; row < side; row++) {
    for (let column = 0; column < side; column++, to += 4) {
      const [across, down] = [column + 0.5, row + 0.5];
      const depth = g * across + h * down + 1;
      const x = Math.min(Math.max((a * across + b * down + c) / depth - 0.5, 0), width - 1);
      const y = Math.min(Math.max((d * across + e * down + f) / depth - 0.5, 0), height - 1);
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
      const [one, two, three, four] = [left + top * width, right + top * width, left + bottom * width, right + bottom * width];
      for (let channel = 0; channel < 3; channel++) {
        const upper = data[4 * one + channel] + (data[4 * two + channel] - data[4 * one + channel]) * (x - left);
        const lower = data[4 * three + channel] + (data[4 * four + channel] - data[4 * three + channel]) * (x - left);
        result[to + channel] = Math.floor(upper + (lower - upper) * (y - top)); // as Pillow does
      }
    }
  }
  return { data: result, width: side, height: side };
}

/** Where in the photo each place of a square comes from, as Pillow's eight coefficients (Heckbert 1989, of a square onto a quadrilateral). @type {(corners: Corners, side: number) => number[]} */
function homography([[x0, y0], [x1, y1], [x2, y2], [x3, y3]], side) {
  const [ux, uy, vx, vy] = [x1 - x2, y1 - y2, x3 - x2, y3 - y2];
  const [sx, sy] = [x0 - x1 + x2 - x3, y0 - y1 + y2 - y3];
  const whole = ux * vy - vx * uy;
  const [g, h] = [(sx * vy - vx * sy) / whole, (ux * sy - sx * uy) / whole];
  const [a, b, d, e] = [x1 - x0 + g * x1, x3 - x0 + h * x3, y1 - y0 + g * y1, y3 - y0 + h * y3];
  return [a / side, b / side, x0, d / side, e / side, y0, g / side, h / side];
}

/**
 * The corners of a house front, as shares of the photo, by the mask of what is house there, `side` pixels a side.
 *
 * Its sides are upright; its upper and its lower edge are the straight lines that most columns agree on. Null where
 * there is too little of a house.
 * @param {ArrayLike<boolean>} mask
 * @param {number} side
 */
export function frontOf(mask, side) {
  const columns = columnsOf(mask, side);
  if (!columns.length) return null;
  const rows = Array.from({ length: side }, (_, y) => y);
  const tops = columns.map((x) => rows.findIndex((y) => mask[y * side + x]));
  const bottoms = columns.map((x) => rows.findLastIndex((y) => mask[y * side + x]) + 1);
  const [left, right] = [columns[0], columns[columns.length - 1] + 1];
  const middles = columns.map((x) => x + 0.5);
  const [[topLeft, topRight], [bottomLeft, bottomRight]] = [tops, bottoms].map((edge) => lineThrough(middles, edge, left, right));
  const corners = [[left, topLeft], [right, topRight], [right, bottomRight], [left, bottomLeft]];
  return corners.map((corner) => corner.map((each) => Math.min(Math.max(each / side, 0), 1)));
}

/** The longest row of columns that are full of house; none where there is too little of it. @type {(mask: ArrayLike<boolean>, side: number) => number[]} */
function columnsOf(mask, side) {
  const filled = new Array(side).fill(0);
  for (let at = 0; at < side * side; at++) if (mask[at]) filled[at % side]++;
  if (filled.reduce((sum, each) => sum + each, 0) < MIN_HOUSE * side * side) return [];
  const least = MIN_COLUMN * quantile(filled, 0.9);
  const [longest] = filled
    .flatMap((count, x) => (count > least ? [x] : []))
    .reduce((rows, x) => {
      const last = rows[rows.length - 1];
      if (last && x - last[last.length - 1] <= MAX_BREAK) last.push(x);
      else rows.push([x]);
      return rows;
    }, /** @type {number[][]} */ ([]))
    .sort((one, other) => other.length - one.length);
  return longest ?? [];
}

/** The heights at `first` and at `last` of the line through most of the points: those far off do not count. @type {(xs: number[], ys: number[], first: number, last: number) => number[]} */
function lineThrough(xs, ys, first, last) {
  let fits = xs.map(() => true);
  let line = (/** @type {number} */ x) => x;
  for (let round = 0; round < FITS; round++) {
    line = fitted(xs.filter((_, at) => fits[at]), ys.filter((_, at) => fits[at]));
    const off = xs.map((x, at) => Math.abs(line(x) - ys[at]));
    const most = Math.max(NEAR_LINE, quantile(off, MIN_FITTING));
    fits = off.map((each) => each <= most);
  }
  return [line(first), line(last)];
}

/** The line of least squares. @type {(xs: number[], ys: number[]) => (x: number) => number} */
function fitted(xs, ys) {
  const mean = (/** @type {number[]} */ values) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const [x0, y0] = [mean(xs), mean(ys)];
  const slope = mean(xs.map((x, at) => (x - x0) * (ys[at] - y0))) / (mean(xs.map((x) => (x - x0) ** 2)) || 1);
  return (x) => y0 + slope * (x - x0);
}

/** @type {(values: number[], share: number) => number} */
function quantile(values, share) {
  const sorted = values.toSorted((one, other) => one - other);
  const place = share * (sorted.length - 1);
  const [before, after] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return before + (after - before) * (place - Math.floor(place));
}
