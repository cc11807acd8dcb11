/** One group of bars, which share a scale. */
export interface Panel {
  readonly title: string;
  readonly bars: readonly {
    readonly name: string;
    readonly value: number;
    readonly text: string;
  }[];
}

const WIDTH = 820;
const NAME_WIDTH = 140;
const VALUE_WIDTH = 80;
const BAR_HEIGHT = 16;
const BAR_STEP = 20;
const TITLE_HEIGHT = 34;
const MARGIN = 16;
const OWN_COLOUR = "#b5462f";
const OTHER_COLOUR = "#7a8794";

/**
 * Draws panels of horizontal bars, one below the other.
 *
 * @param own - names of the bars to set off
 * @returns a whole SVG file
 */
export function drawPlot(panels: readonly Panel[], own: ReadonlySet<string>): string {
  let top = MARGIN;
  const parts = panels.map((panel) => {
    const drawn = drawPanel(panel, top, own);
    top += TITLE_HEIGHT + panel.bars.length * BAR_STEP + MARGIN;
    return drawn;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${top}" fill="#fff"/>
${parts.join("")}</svg>
`;
}

function drawPanel({ title, bars }: Panel, top: number, own: ReadonlySet<string>): string {
  const largest = Math.max(...bars.map(({ value }) => value), 0);
  const room = WIDTH - NAME_WIDTH - VALUE_WIDTH - 2 * MARGIN;
  const lines = bars.map(({ name, value, text }, index) => {
    const y = top + TITLE_HEIGHT + index * BAR_STEP;
    const width = largest > 0 ? (Math.max(0, value) / largest) * room : 0;
    const x = MARGIN + NAME_WIDTH;
    const baseline = y + BAR_HEIGHT - 4;
    const colour = own.has(name) ? OWN_COLOUR : OTHER_COLOUR;
    return `<text x="${x - 8}" y="${baseline}" text-anchor="end">${escapeXml(name)}</text>
<rect x="${x}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" fill="${colour}"/>
<text x="${(x + width + 6).toFixed(1)}" y="${baseline}">${escapeXml(text)}</text>
`;
  });
  const heading = `<text x="${MARGIN}" y="${top + 18}" font-weight="bold">${escapeXml(title)}</text>\n`;
  return heading + lines.join("");
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
