// Labels of a facade corrected by its photo, so that the colours of wall and sky are those of wall and sky alone: as
// pix2pix/data/cleaning.py does it, which says why. Masks and planes are squares of `side` pixels, photos RGBA.

/** @typedef {Uint8Array<ArrayBuffer>} Mask 1 where it is set; label maps are of the same kind */

export const VOID = 255; // no class
const [BACKGROUND, WALL] = [0, 1];

const DARKEST = 20; // of 255: what is filled with black, after JPEG
const [GREY, GREY_REACH, GREY_TINT] = [130, 4, 5]; // what is filled with grey: brightness, how far from it, how coloured at most
const BLEND = 3; // pixels beside a margin that are part photo, part margin
const [WHITE, BLUE, BLUER] = [200, 130, 15]; // sky: overcast is at least so light; or blue at least so light, and bluer than red
const APART = 60; // from a wall's colour, in levels: another thing; its texture and its shades are closer
const TEXTURE = 2; // pixels on each side over which that is levelled
const HOUSE = 0.2; // of a row: below the last row that has so much house there is street
const [LEAF_GREEN, LEAF_REST, LEAF_LIGHT] = [8, 15, 130]; // of foliage: greener than the wall by; unrest at least; light at most
const LEAF_REACH = 4; // pixels over which that is told
const MIN_MARGIN = 0.002; // of the picture: a few dark pixels at its edge are no margin

/** @typedef {(label: number, at: number) => unknown} Test */

/** Corrected labels, `VOID` where no class is. @type {(labels: Mask, photo: Uint8ClampedArray, side: number) => Uint8Array} */
export function corrected(labels, photo, side) {
  const where = (/** @type {Test} */ test) => labels.map((label, at) => Number(test(label, at)));
  const beyond = margins(photo, side);
  const above = sky(photo, beyond, side);
  const showsSky = where((_, at) => above[at] && !beyond[at]);
  const isBackground = where((label, at) => label === BACKGROUND && !beyond[at]);
  const isSky = where((label, at) => label === WALL && !beyond[at] && showsSky[at]);
  const isWall = where((label, at) => label === WALL && !beyond[at] && !isSky[at]);
  const around = where((_, at) => isBackground[at] || isSky[at] || beyond[at]);
  const others = [beyond, astray(photo, isWall, around, side), foliage(photo, isWall, side), nextHouses(isBackground, showsSky, beyond, side)];
  return labels.map((label, at) => (others.some((mask) => mask[at]) ? VOID : isSky[at] ? BACKGROUND : label));
}

/** Background that is neither sky nor street; slits between the rectangles of a house stay. @type {(isBackground: Mask, showsSky: Mask, beyond: Mask, side: number) => Mask} */
function nextHouses(isBackground, showsSky, beyond, side) {
  const house = new Array(side).fill(0);
  isBackground.forEach((is, at) => (house[Math.floor(at / side)] += Number(!is && !beyond[at])));
  const street = (house.findLastIndex((count) => count > HOUSE * side) + 1) * side;
  const isOther = isBackground.map((is, at) => Number(is && !showsSky[at] && at < street));
  const isOpen = reached(isBackground.map((is, at) => Number(is || beyond[at])), side, 0, false);
  const inside = grown(isOther.map((is) => Number(!is)), side);
  const isWide = grown(inside.map((is) => Number(!is)), side);
  return isOther.map((is, at) => Number(is && (isOpen[at] || isWide[at])));
}

/** Wall that is none: it reaches in from above or below and has another colour than most of the wall. @type {(photo: Uint8ClampedArray, isWall: Mask, around: Mask, side: number) => Mask} */
function astray(photo, isWall, around, side) {
  const [red, green, blue] = [0, 1, 2].map((channel) => median((at) => photo[4 * at + channel], isWall));
  const distances = new Float32Array(isWall.length).map((_, at) => Math.hypot(photo[4 * at] - red, photo[4 * at + 1] - green, photo[4 * at + 2] - blue));
  const far = levelled(distances, side, TEXTURE);
  const isReached = reached(around.map((is, at) => Number(is || (isWall[at] && far[at] > APART))), side, 0);
  return isWall.map((is, at) => is & isReached[at]);
}

/** Wall behind trees and ivy: greener than the rest of it, dark, and restless. @type {(photo: Uint8ClampedArray, isWall: Mask, side: number) => Mask} */
function foliage(photo, isWall, side) {
  const tint = (/** @type {number} */ at) => 2 * photo[4 * at + 1] - photo[4 * at] - photo[4 * at + 2];
  const brightness = (/** @type {number} */ at) => (photo[4 * at] + photo[4 * at + 1] + photo[4 * at + 2]) / 3;
  const least = LEAF_GREEN + Math.max(0, median(tint, isWall));
  const isGreen = isWall.map((is, at) => Number(is && tint(at) > least && photo[4 * at + 1] >= photo[4 * at] - LEAF_GREEN / 2));
  const level = (/** @type {(at: number) => number} */ valueOf, mask = isGreen) => levelled(new Float32Array(mask.length).map((_, at) => mask[at] && valueOf(at)), side);
  const [share, wall] = [level(() => 1), level(() => 1, isWall)];
  const [light, square] = [level(brightness), level((at) => brightness(at) ** 2)];
  const isLeaf = isWall.map((is, at) => {
    const mean = light[at] / (share[at] + 1e-6);
    const unrest = Math.sqrt(Math.max(square[at] / (share[at] + 1e-6) - mean ** 2, 0));
    return Number(is && share[at] > 0.3 * wall[at] && unrest > LEAF_REST && mean < LEAF_LIGHT);
  });
  const near = level(() => 1, isLeaf);
  return isWall.map((is, at) => Number(is && near[at] > 0.1));
}

/** The white or blue that reaches down from the top. @type {(photo: Uint8ClampedArray, beyond: Mask, side: number) => Mask} */
function sky(photo, beyond, side) {
  const isLight = beyond.map((is, at) => {
    const [red, green, blue] = [photo[4 * at], photo[4 * at + 1], photo[4 * at + 2]];
    return Number(is || Math.min(red, green, blue) >= WHITE || (blue >= BLUE && blue > red + BLUER));
  });
  return reached(isLight, side, 0, false);
}

/** The flat black or grey that reaches in from the edges. @type {(photo: Uint8ClampedArray, side: number) => Mask} */
function margins(photo, side) {
  const isFlat = new Uint8Array(side * side).map((_, at) => {
    const [red, green, blue] = [photo[4 * at], photo[4 * at + 1], photo[4 * at + 2]];
    const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)];
    return Number(most <= DARKEST || (Math.abs((red + green + blue) / 3 - GREY) <= GREY_REACH && most - least <= GREY_TINT));
  });
  const [down, across] = [reached(isFlat, side, 0), reached(isFlat, side, 1)];
  const found = down.map((is, at) => is | across[at]);
  return found.filter(Boolean).length > MIN_MARGIN * found.length ? grown(found, side) : new Uint8Array(found.length);
}

/** What is set all the way from the first edge across `axis` (0: down), or from either. @type {(mask: Mask, side: number, axis: number, fromBoth?: boolean) => Mask} */
function reached(mask, side, axis, fromBoth = true) {
  const result = new Uint8Array(mask.length);
  for (const [start, step] of lines(side, axis)) {
    const end = start + side * step;
    for (let at = start; at < end && mask[at]; at += step) result[at] = 1;
    for (let at = end - step; fromBoth && at >= start && mask[at]; at -= step) result[at] = 1;
  }
  return result;
}

/** The mean of each place and its neighbours. @type {(values: Float32Array, side: number, reach?: number) => Float32Array} */
function levelled(values, side, reach = LEAF_REACH) {
  for (const axis of [0, 1]) {
    const result = new Float32Array(values.length);
    for (const [start, step] of lines(side, axis)) {
      const [first, last] = [values[start], values[start + step * (side - 1)]]; // they count for what lies beyond them
      let sum = (reach + 1) * first;
      for (let place = 0; place < reach; place++) sum += values[start + step * place];
      for (let place = 0; place < side; place++) {
        sum += place + reach < side ? values[start + step * (place + reach)] : last;
        sum -= place > reach ? values[start + step * (place - reach - 1)] : first;
        result[start + step * place] = sum / (2 * reach + 1);
      }
    }
    values = result;
  }
  return values;
}

/** @type {(mask: Mask, side: number) => Mask} */
function grown(mask, side) {
  for (const axis of [0, 1]) {
    const result = new Uint8Array(mask.length);
    for (const [start, step] of lines(side, axis)) {
      for (let place = 0; place < side; place++) {
        if (!mask[start + step * place]) continue;
        for (let each = Math.max(place - BLEND, 0); each <= Math.min(place + BLEND, side - 1); each++) result[start + step * each] = 1;
      }
    }
    mask = result;
  }
  return mask;
}

/** Where each line along an axis (0: down) begins, and how far its pixels are apart. @param {number} side @param {number} axis */
function lines(side, axis) {
  return Array.from({ length: side }, (_, line) => (axis ? [line * side, 1] : [line, side]));
}

/** Of the values where a mask is set; NaN where it is nowhere. @type {(valueOf: (at: number) => number, mask: Mask) => number} */
function median(valueOf, mask) {
  const values = new Float64Array(mask.length);
  let count = 0;
  for (let at = 0; at < mask.length; at++) if (mask[at]) values[count++] = valueOf(at);
  const sorted = values.subarray(0, count).sort();
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
