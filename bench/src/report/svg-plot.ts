/** One group of bars, which share a scale. */
export interface Panel {
  readonly title: string;
  readonly moreIsBetter: boolean;
  readonly bars: readonly {
    readonly name: string;
    readonly value: number;
    readonly text: string;
  }[];
}

const COLUMNS = 2;
const COLUMN_WIDTH = 480;
const NAME_WIDTH = 96;
const VALUE_WIDTH = 52;
const BAR_HEIGHT = 16;
const BAR_STEP = 20;
const TITLE_HEIGHT = 46;
const MARGIN = 16;
const ROOM = COLUMN_WIDTH - NAME_WIDTH - VALUE_WIDTH - 2 * MARGIN;
const BARS_AT = MARGIN + NAME_WIDTH;
const OWN_COLOUR = "#b5462f";
const OTHER_COLOUR = "#7a8794";
const LINE_COLOUR = "#d5dae0";
const NOTE_COLOUR = "#59636e";
/** From here on the shortest bars of a plain scale could not be told from none. */
const WIDE_RANGE = 40;

/** Where a value lies, as a share of the room for bars. */
interface Scale {
  readonly note: string;
  readonly lines: readonly number[];
  at(value: number): number;
}

/**
 * Draws panels of horizontal bars, two beside each other.
 *
 * @param own - names of the bars to set off
 * @returns a whole SVG file
 */
export function drawPlot(panels: readonly Panel[], own: ReadonlySet<string>): string {
  let top = MARGIN;
  let parts = "";
  for (let first = 0; first < panels.length; first += COLUMNS) {
    const row = panels.slice(first, first + COLUMNS);
    row.forEach((panel, column) => {
      const place = `translate(${column * COLUMN_WIDTH} ${top})`;
      parts += `<g transform="${place}">\n${drawPanel(panel, own)}</g>\n`;
    });
    top += Math.max(...row.map(({ bars }) => TITLE_HEIGHT + bars.length * BAR_STEP)) + MARGIN;
  }
  const width = COLUMNS * COLUMN_WIDTH;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" viewBox="0 0 ${width} ${top}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${top}" fill="#fff"/>
${parts}</svg>
`;
}

function drawPanel({ title, moreIsBetter, bars }: Panel, own: ReadonlySet<string>): string {
  const scale = scaleOf(bars.map(({ value }) => value));
  const bottom = TITLE_HEIGHT + bars.length * BAR_STEP;
  const lines = scale.lines.map((value) => {
    const x = (BARS_AT + scale.at(value) * ROOM).toFixed(1);
    return `<line x1="${x}" x2="${x}" y1="${TITLE_HEIGHT - 4}" y2="${bottom}" stroke="${LINE_COLOUR}"/>\n`;
  });
  const drawn = bars.map(({ name, value, text }, index) => {
    const y = TITLE_HEIGHT + index * BAR_STEP;
    const width = scale.at(value) * ROOM;
    const baseline = y + BAR_HEIGHT - 4;
    const colour = own.has(name) ? OWN_COLOUR : OTHER_COLOUR;
    return `<text x="${BARS_AT - 8}" y="${baseline}" text-anchor="end">${escapeXml(name)}</text>
<rect x="${BARS_AT}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" fill="${colour}"/>
<text x="${(BARS_AT + width + 6).toFixed(1)}" y="${baseline}">${escapeXml(text)}</text>
`;
  });
  const note = `${moreIsBetter ? "more" : "less"} is better${scale.note}`;
  const heading = `<text x="${MARGIN}" y="18" font-weight="bold">${escapeXml(title)}</text>
<text x="${MARGIN}" y="34" fill="${NOTE_COLOUR}">${note}</text>
`;
  return heading + lines.join("") + drawn.join("");
}

/** A plain scale from nothing; where values lie far apart a logarithmic one, with a line at each power of ten. */
function scaleOf(values: readonly number[]): Scale {
  const largest = Math.max(...values, 0);
  const least = Math.min(...values.filter((value) => value > 0));
  if (largest < WIDE_RANGE * least || largest <= 0) {
    const at = (value: number): number => (largest > 0 ? Math.max(0, value) / largest : 0);
    return { note: "", lines: [], at };
  }
  const from = Math.ceil(Math.log10(least)) - 1;
  const range = Math.log10(largest) - from;
  const decades = Array.from({ length: Math.floor(range) }, (_, index) => 10 ** (from + 1 + index));
  return {
    note: "; logarithmic, a line at each power of ten",
    lines: decades,
    at: (value) => (value > 0 ? Math.max(0, Math.log10(value) - from) / range : 0),
  };
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
