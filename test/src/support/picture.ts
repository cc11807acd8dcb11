import { PNG } from "pngjs";

/** Pixels in rows from the top, four bytes each: red, green, blue and one that is not looked at. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Buffer;
}

/** What lossy encodings may change in one channel, of 255, before a pixel counts as different. */
const TOLERANCE = 40;
/** How many pixels of a picture are looked for before the whole of it is compared. */
const LANDMARKS = 200;

/** Decodes a PNG file's bytes. */
export function decodePng(bytes: Buffer): Picture {
  const { width, height, data } = PNG.sync.read(bytes);
  return { width, height, rgba: data };
}

/** The fraction of pixels, 0 to 1, that are not alike; 1 when not even the sizes are. */
export function differingFraction(left: Picture, right: Picture): number {
  if (left.width !== right.width || left.height !== right.height) return 1;
  let differing = 0;
  const bytes = left.width * left.height * 4;
  for (let at = 0; at < bytes; at += 4) if (!alike(left.rgba, at, right.rgba, at)) differing++;
  return differing / (left.width * left.height);
}

/**
 * The smallest fraction of `part`'s pixels, 0 to 1, that differ from those at some place in `whole`:
 * near 0 when a viewer's window on a larger screen shows `part`.
 */
export function missingFraction(whole: Picture, part: Picture): number {
  const landmarks = landmarksOf(part);
  let least = 1;
  for (let top = 0; top + part.height <= whole.height; top++) {
    for (let left = 0; left + part.width <= whole.width; left++) {
      if (!mayBeAt(whole, part, landmarks, left, top)) continue;
      least = Math.min(least, differingFraction(crop(whole, left, top, part), part));
    }
  }
  return least;
}

/** Offsets of pixels that differ from the one before: those tell one place from another. */
function landmarksOf({ rgba }: Picture): number[] {
  const edges: number[] = [];
  for (let at = 4; at < rgba.length; at += 4) if (!alike(rgba, at, rgba, at - 4)) edges.push(at);
  const step = Math.max(1, Math.floor(edges.length / LANDMARKS));
  return edges.filter((_, index) => index % step === 0);
}

function mayBeAt(
  whole: Picture,
  part: Picture,
  landmarks: readonly number[],
  left: number,
  top: number,
): boolean {
  let strange = 0;
  for (const at of landmarks) {
    const pixel = at / 4;
    const row = top + Math.floor(pixel / part.width);
    const place = 4 * (row * whole.width + left + (pixel % part.width));
    if (alike(whole.rgba, place, part.rgba, at)) continue;
    if (++strange > landmarks.length / 4) return false;
  }
  return true;
}

function crop(whole: Picture, left: number, top: number, { width, height }: Picture): Picture {
  const rgba = Buffer.alloc(4 * width * height);
  for (let row = 0; row < height; row++) {
    const start = 4 * ((top + row) * whole.width + left);
    whole.rgba.copy(rgba, 4 * row * width, start, start + 4 * width);
  }
  return { width, height, rgba };
}

function alike(left: Buffer, leftAt: number, right: Buffer, rightAt: number): boolean {
  for (let channel = 0; channel < 3; channel++) {
    const difference = (left[leftAt + channel] ?? 0) - (right[rightAt + channel] ?? 0);
    if (Math.abs(difference) > TOLERANCE) return false;
  }
  return true;
}

/** How many different colours a picture has, counted up to `limit`: a blank one has 1. */
export function countColours(picture: Picture, limit = 16): number {
  const colours = new Set<number>();
  for (let at = 0; at < picture.rgba.length && colours.size < limit; at += 4) {
    colours.add(picture.rgba.readUIntBE(at, 3));
  }
  return colours.size;
}
