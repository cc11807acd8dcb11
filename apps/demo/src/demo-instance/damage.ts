import type { Framebuffer } from "./framebuffer.ts";
import { intersect, type Rectangle } from "./rectangle.ts";

/** Side of the squares in which changes are counted, in pixels. */
export const SQUARE = 32;

/**
 * Which squares of a picture a viewer has not seen as they are now.
 *
 * Memory is one flag a square, however fast the picture changes and however slow the viewer is.
 */
export class Damage {
  readonly #bounds: Rectangle;
  readonly #columns: number;
  readonly #rows: number;
  readonly #squares: Uint8Array;

  constructor(width: number, height: number) {
    this.#bounds = { x: 0, y: 0, width, height };
    this.#columns = Math.ceil(width / SQUARE);
    this.#rows = Math.ceil(height / SQUARE);
    this.#squares = new Uint8Array(this.#columns * this.#rows);
  }

  /** Marks every square that `area` touches. */
  add(area: Rectangle): void {
    const inside = intersect(area, this.#bounds);
    if (inside === null) return;
    const lastColumn = Math.floor((inside.x + inside.width - 1) / SQUARE);
    const lastRow = Math.floor((inside.y + inside.height - 1) / SQUARE);
    for (let row = Math.floor(inside.y / SQUARE); row <= lastRow; row++) {
      const start = row * this.#columns;
      this.#squares.fill(1, start + Math.floor(inside.x / SQUARE), start + lastColumn + 1);
    }
  }

  /**
   * Takes the marked squares that `area` touches, joined to runs along a row.
   *
   * @returns the runs, cut to the picture but not to `area`; empty if nothing there is marked
   */
  take(area: Rectangle): Rectangle[] {
    const taken: Rectangle[] = [];
    for (let row = 0; row < this.#rows; row++) {
      // Whether the square to the left was taken too.
      let isRun = false;
      for (let column = 0; column < this.#columns; column++) {
        const index = row * this.#columns + column;
        const square = this.#squareAt(column, row);
        const isWanted = this.#squares[index] === 1 && intersect(square, area) !== null;
        if (isWanted) {
          this.#squares[index] = 0;
          const run = isRun ? taken.pop() : undefined;
          taken.push(run === undefined ? square : { ...run, width: run.width + square.width });
        }
        isRun = isWanted;
      }
    }
    return taken;
  }

  #squareAt(column: number, row: number): Rectangle {
    const x = column * SQUARE;
    const y = row * SQUARE;
    return {
      x,
      y,
      width: Math.min(SQUARE, this.#bounds.width - x),
      height: Math.min(SQUARE, this.#bounds.height - y),
    };
  }
}

/** The squares in which two pictures of one size differ. */
export function findChanges(before: Framebuffer, after: Framebuffer): Rectangle[] {
  const changes: Rectangle[] = [];
  for (let y = 0; y < after.height; y += SQUARE) {
    for (let x = 0; x < after.width; x += SQUARE) {
      const square = {
        x,
        y,
        width: Math.min(SQUARE, after.width - x),
        height: Math.min(SQUARE, after.height - y),
      };
      if (differs(before, after, square)) changes.push(square);
    }
  }
  return changes;
}

function differs(before: Framebuffer, after: Framebuffer, area: Rectangle): boolean {
  for (let y = area.y; y < area.y + area.height; y++) {
    const start = y * after.width + area.x;
    for (let index = start; index < start + area.width; index++) {
      if (before.pixels[index] !== after.pixels[index]) return true;
    }
  }
  return false;
}
