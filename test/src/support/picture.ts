import { PNG } from "pngjs";

/** Pixels in rows from the top, four bytes each: red, green, blue and one that is not looked at. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Buffer;
}

/** What lossy encodings may change in one channel, of 255, before a pixel counts as different. */
const TOLERANCE = 40;

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
  for (let at = 0; at < bytes; at += 4) {
    for (let channel = at; channel < at + 3; channel++) {
      if (Math.abs((left.rgba[channel] ?? 0) - (right.rgba[channel] ?? 0)) > TOLERANCE) {
        differing++;
        break;
      }
    }
  }
  return differing / (left.width * left.height);
}

/** How many different colours a picture has, counted up to `limit`: a blank one has 1. */
export function countColours(picture: Picture, limit = 16): number {
  const colours = new Set<number>();
  for (let at = 0; at < picture.rgba.length && colours.size < limit; at += 4) {
    colours.add(picture.rgba.readUIntBE(at, 3));
  }
  return colours.size;
}
