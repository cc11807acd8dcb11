import { CELL_WIDTH, dotsOf } from "./font.ts";
import type { Rectangle } from "./rectangle.ts";

/** A colour as 0xRRGGBB. */
export type Colour = number;

/** A picture in memory, drawn on with plain shapes; what does not fit is cut off. */
export class Framebuffer {
  readonly width: number;
  readonly height: number;
  /** Row by row from the top left, one {@link Colour} each. */
  readonly pixels: Uint32Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint32Array(width * height);
  }

  fill(area: Rectangle, colour: Colour): void {
    const left = Math.max(0, area.x);
    const right = Math.min(this.width, area.x + area.width);
    const bottom = Math.min(this.height, area.y + area.height);
    if (right <= left) return;
    for (let y = Math.max(0, area.y); y < bottom; y++) {
      this.pixels.fill(colour, y * this.width + left, y * this.width + right);
    }
  }

  /** A rectangle without its four corner dots: looks rounded at no cost. */
  fillRounded(area: Rectangle, radius: number, colour: Colour): void {
    for (let inset = 0; inset < radius; inset++) {
      // The circle's chord, seen from the row's middle.
      const across = radius - inset - 0.5;
      const indent = Math.round(radius - Math.sqrt(radius * radius - across * across));
      const row = { x: area.x + indent, width: area.width - 2 * indent, height: 1 };
      this.fill({ ...row, y: area.y + inset }, colour);
      this.fill({ ...row, y: area.y + area.height - 1 - inset }, colour);
    }
    const middle = { ...area, y: area.y + radius, height: area.height - 2 * radius };
    this.fill(middle, colour);
  }

  /**
   * @param scale - how many pixels wide a dot of the font is
   * @returns where the text ends
   */
  text(text: string, at: { x: number; y: number }, scale: number, colour: Colour): number {
    let { x } = at;
    for (const character of text) {
      for (const dot of dotsOf(character)) {
        const corner = { x: x + dot.x * scale, y: at.y + dot.y * scale };
        this.fill({ ...corner, width: scale, height: scale }, colour);
      }
      x += CELL_WIDTH * scale;
    }
    return x;
  }
}
