// Walls around windows that are drawn without one, and where the street begins: pix2pix/walls.py says why, and is the
// same, number for number.

const BACKGROUND = 0, WALL = 1, VOID = 255;
const IN_WALLS = [2, 3, 6, 11]; // window, door, balcony, shop
const CELLS = 128; // across a drawing
const NEAR = 5, OPEN = 0.2, LITTLE = 0.15, SPECK = 8, RIM = 4, GAP = 20, HOUSE = 0.2, STREET = 0.05;

/** A square drawing, with walls around windows that have hardly any; itself where all have. @type {(labels: Uint8Array, size: number) => Uint8Array} */
export function withWalls(labels, size) {
  const step = Math.max(1, Math.floor(size / CELLS));
  const side = Math.ceil(size / step);
  const cells = new Uint8Array(side * side);
  for (let row = 0, at = 0; row < size; row += step) {
    for (let column = 0; column < size; column += step) cells[at++] = labels[row * size + column];
  }
  const found = walls(cells, side);
  if (!found) return labels;
  return labels.map((label, at) => {
    const cell = Math.floor(Math.floor(at / size) / step) * side + Math.floor((at % size) / step);
    return label === BACKGROUND && found[cell] ? WALL : label;
  });
}

/** The first row of street below the house; `size` where there is no house. @type {(labels: Uint8Array, size: number) => number} */
export function street(labels, size) {
  const house = labels.map(isHouse);
  return endOf(house, size, HOUSE * size) ? endOf(house, size, STREET * size) : size;
}

/** @type {(drawing: Uint8Array, side: number) => Uint8Array | null} */
function walls(drawing, side) {
  const isElement = drawing.map((label) => Number(IN_WALLS.includes(label)));
  const house = drawing.map(isHouse);
  const isWall = drawing.map((label) => Number(label === WALL));
  const isOfWindows = !isWall.includes(1) && endOf(house, side, HOUSE * side) > 0; // a house that is drawn as windows alone
  const ground = isOfWindows ? side : Math.max(endOf(isElement, side, 0), endOf(house, side, STREET * side));
  const isOpen = drawing.map((label, at) => Number(label === BACKGROUND && at < ground * side));
  const around = counts(isOpen, side, NEAR);
  const wall = counts(isWall, side, NEAR);
  const enough = OPEN * (2 * NEAR + 1) ** 2;
  const bare = isElement.map((each, at) => Number(each && around[at] > enough && wall[at] < LITTLE * around[at]));
  const near = counts(bare, side, NEAR);
  const kept = bare.map((each, at) => Number(each && near[at] >= SPECK));
  if (!kept.includes(1)) return null;
  const found = Uint8Array.from(counts(kept, side, RIM), (count, at) => Number(count > 0 && at < ground * side));
  for (let at = side; at < ground * side; at++) found[at] |= found[at - side]; // down to the ground
  join(found, house, side);
  return found;
}

/** Fill the gaps beside walls, in each row, up to what is solid; the edges of the drawing are. */
function join(found, house, side) {
  const wasFound = found.slice();
  for (let row = 0; row < side; row++) {
    const start = row * side, end = start + side;
    for (let at = start, first = start; at <= end; at++) { // the gap is from `first` up to `at`
      if (at < end && !wasFound[at] && !house[at]) continue;
      const isBeside = (first > start && wasFound[first - 1]) || (at < end && wasFound[at]);
      if (isBeside && at - first <= GAP) found.fill(1, first, at);
      first = at + 1;
    }
  }
}

/** @type {(label: number) => number} */
function isHouse(label) {
  return Number(label !== BACKGROUND && label !== VOID);
}

/** The row below the last one with more than `enough` of what is meant; 0 where none is. */
function endOf(mask, side, enough) {
  for (let row = side; row > 0; row--) {
    let count = 0;
    for (let at = (row - 1) * side; at < row * side; at++) count += mask[at];
    if (count > enough) return row;
  }
  return 0;
}

/** How many of a mask are within `reach` of each place, across and down. */
function counts(mask, side, reach) {
  const across = sums(mask, side, reach, 1, side);
  return sums(across, side, reach, side, 1);
}

/** Sums over lines of a square whose places are `step` apart and which begin `next` apart. */
function sums(numbers, side, reach, step, next) {
  const result = new Uint16Array(side * side);
  for (let line = 0; line < side; line++) {
    let sum = 0;
    for (let place = -reach, at = line * next; place < side; place++) {
      if (place + reach < side) sum += numbers[line * next + (place + reach) * step];
      if (place > reach) sum -= numbers[line * next + (place - reach - 1) * step];
      if (place >= 0) {
        result[at] = sum;
        at += step;
      }
    }
  }
  return result;
}
