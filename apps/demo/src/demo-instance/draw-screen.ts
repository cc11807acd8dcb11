import { CELL_HEIGHT, CELL_WIDTH } from "./font.ts";
import type { Colour, Framebuffer } from "./framebuffer.ts";
import type { Pointer, ScreenContent } from "./screen-content.ts";
import type { Rectangle } from "./rectangle.ts";
import { wrapText } from "./wrap-text.ts";

/** Size of the demo's screen, in pixels. */
export const SCREEN_WIDTH = 800;
export const SCREEN_HEIGHT = 600;

const colours = {
  background: 0x0f1726,
  grid: 0x1b2639,
  card: 0x182338,
  cardEdge: 0x2a3a57,
  text: 0xf1f5fb,
  soft: 0x8fa3c2,
  accent: 0x5cc8ff,
  pressed: 0xffb454,
  crosshair: 0x35618a,
} as const satisfies Record<string, Colour>;

const TYPING: Rectangle = { x: 24, y: 88, width: 752, height: 268 };
const POINTER: Rectangle = { x: 24, y: 376, width: 366, height: 168 };
const KEYS: Rectangle = { x: 410, y: 376, width: 366, height: 168 };
const INSET = 20;

const TYPING_SCALE = 3;
const TYPING_COLUMNS = Math.floor((TYPING.width - 2 * INSET) / (CELL_WIDTH * TYPING_SCALE));
const TYPING_LINES = 6;
/** Columns of a card's small text. */
const SMALL_COLUMNS = Math.floor((KEYS.width - 2 * INSET) / (CELL_WIDTH * 2));

/** Draws all of the demo's screen. */
export function drawScreen(target: Framebuffer, content: ScreenContent, time: Date): void {
  drawBackground(target);
  drawHeader(target, content, time);
  drawTyping(target, content);
  drawPointerCard(target, content);
  drawKeysCard(target, content);
  const hint = "Esc clears · Ctrl+C copies to your clipboard · Ctrl+V pastes";
  target.text(hint, { x: 26, y: 566 }, 2, colours.soft);
  if (content.pointer !== null) drawCrosshair(target, content.pointer);
}

function drawBackground(target: Framebuffer): void {
  const all = { x: 0, y: 0, width: target.width, height: target.height };
  target.fill(all, colours.background);
  for (let y = 16; y < target.height; y += 16) {
    for (let x = 16; x < target.width; x += 16) {
      target.fill({ x, y, width: 1, height: 1 }, colours.grid);
    }
  }
}

function drawHeader(target: Framebuffer, content: ScreenContent, time: Date): void {
  target.text("demo-instance", { x: 26, y: 20 }, 3, colours.text);
  const viewers = content.viewerCount === 1 ? "1 viewer" : `${content.viewerCount} viewers`;
  target.text(`nova-console · ${viewers}`, { x: 26, y: 54 }, 2, colours.soft);

  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(":");
  const date = [time.getFullYear(), time.getMonth() + 1, time.getDate()].map(twoDigits).join("-");
  drawRight(target, clock, { y: 18, scale: 4, colour: colours.accent });
  drawRight(target, date, { y: 54, scale: 2, colour: colours.soft });
}

function drawTyping(target: Framebuffer, content: ScreenContent): void {
  drawCard(target, TYPING, "WHAT YOU TYPE");
  const corner = { x: TYPING.x + INSET, y: TYPING.y + 48 };
  if (content.text === "") {
    target.text("Type something.", { ...corner, x: corner.x + 24 }, TYPING_SCALE, 0x4d6488);
  }
  const lines = wrapText(content.text, TYPING_COLUMNS).slice(-TYPING_LINES);
  const lineHeight = CELL_HEIGHT * TYPING_SCALE + 2;
  let end = corner;
  for (const [index, line] of lines.entries()) {
    const y = corner.y + index * lineHeight;
    end = { x: target.text(line, { x: corner.x, y }, TYPING_SCALE, colours.text), y };
  }
  target.fill({ x: end.x, y: end.y - 3, width: 4, height: 28 }, colours.accent);
}

function drawPointerCard(target: Framebuffer, content: ScreenContent): void {
  drawCard(target, POINTER, "WHERE THE MOUSE IS");
  const { pointer } = content;
  const place = pointer === null ? "not here yet" : `${pointer.x}, ${pointer.y}`;
  const at = { x: POINTER.x + INSET, y: POINTER.y + 50 };
  target.text(place, at, pointer === null ? 3 : 4, pointer === null ? 0x4d6488 : colours.text);

  const buttons = [
    { label: "left", bit: 0 },
    { label: "mid", bit: 1 },
    { label: "right", bit: 2 },
  ];
  for (const [index, { label, bit }] of buttons.entries()) {
    const isDown = ((pointer?.buttons ?? 0) & (1 << bit)) !== 0;
    const x = POINTER.x + INSET + index * 80;
    const pill = { x, y: POINTER.y + 112, width: 72, height: 34 };
    target.fillRounded(pill, 8, isDown ? colours.pressed : colours.cardEdge);
    const textX = x + Math.round((pill.width - label.length * CELL_WIDTH * 2) / 2) + 1;
    const colour = isDown ? colours.background : colours.soft;
    target.text(label, { x: textX, y: pill.y + 9 }, 2, colour);
  }
  const wheel = `wheel ${content.wheel}`;
  target.text(wheel, { x: POINTER.x + INSET + 244, y: POINTER.y + 121 }, 2, colours.soft);
}

function drawKeysCard(target: Framebuffer, content: ScreenContent): void {
  drawCard(target, KEYS, "LAST KEYS");
  const x = KEYS.x + INSET;
  const isLong = content.chord.length > 17;
  const chord = cut(content.chord === "" ? "none yet" : content.chord, isLong ? SMALL_COLUMNS : 17);
  const colour = content.chord === "" ? 0x4d6488 : colours.text;
  target.text(chord, { x, y: KEYS.y + (isLong ? 56 : 50) }, isLong ? 2 : 3, colour);

  target.text("CLIPBOARD", { x, y: KEYS.y + 96 }, 2, colours.soft);
  const firstLine = content.clipboard.split("\n", 1).join("");
  const clipboard = firstLine === "" ? "empty" : cut(firstLine, SMALL_COLUMNS);
  const clipboardColour = firstLine === "" ? 0x4d6488 : colours.text;
  target.text(clipboard, { x, y: KEYS.y + 124 }, 2, clipboardColour);
}

function drawCrosshair(target: Framebuffer, pointer: Pointer): void {
  const { x, y } = pointer;
  target.fill({ x, y: 0, width: 1, height: target.height }, colours.crosshair);
  target.fill({ x: 0, y, width: target.width, height: 1 }, colours.crosshair);
  const colour = pointer.buttons === 0 ? colours.accent : colours.pressed;
  target.fill({ x: x - 9, y: y - 1, width: 19, height: 3 }, colour);
  target.fill({ x: x - 1, y: y - 9, width: 3, height: 19 }, colour);
}

function drawCard(target: Framebuffer, area: Rectangle, title: string): void {
  target.fillRounded(area, 12, colours.cardEdge);
  const inner = { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 };
  target.fillRounded(inner, 11, colours.card);
  target.text(title, { x: area.x + INSET, y: area.y + 18 }, 2, colours.soft);
}

function drawRight(
  target: Framebuffer,
  text: string,
  style: { y: number; scale: number; colour: Colour },
): void {
  // The last letter's gap belongs to the margin.
  const width = (text.length * CELL_WIDTH - 1) * style.scale;
  target.text(text, { x: target.width - 26 - width, y: style.y }, style.scale, style.colour);
}

function cut(text: string, columns: number): string {
  const characters = Array.from(text);
  return characters.length <= columns ? text : `${characters.slice(0, columns - 2).join("")}..`;
}

function twoDigits(value: number): string {
  return value.toString().padStart(2, "0");
}
