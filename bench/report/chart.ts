import type { ServerName } from '../servers/server.ts';
import { type Cell, type Comparison, compare } from './comparison.ts';
import { printNumber } from './table.ts';

const COLOURS: Readonly<Record<ServerName, string>> = { Tutti: '#246', Prosody: '#b63', ejabberd: '#6a5' };
/** Titles and units of the measures that are drawn, each in a box of its own with its own scale. */
const DRAWN = [
  'Messages, msg/s',
  'CPU for 1000 messages, s',
  'Latency at 500 msg/s, p99, ms',
  'Memory of an idle session, KiB',
  'Logins, per CPU s',
  'Archive pages of 50, per s',
];

const BOX = { width: 370, height: 128, columns: 2 };
const BAR = { left: 72, height: 22, gap: 8, top: 30 };
const LONGEST = 200;

/** The main measures as bars: medians, with a line for the range. */
export function drawComparison(comparison: Comparison): string {
  const lines = compare(comparison).filter(({ measure: { title, unit } }) => DRAWN.includes(`${title}, ${unit}`));
  const rows = Math.ceil(lines.length / BOX.columns);
  const boxes = lines.map(({ measure, cells }, index) => {
    const [x, y] = [(index % BOX.columns) * BOX.width, Math.floor(index / BOX.columns) * BOX.height];
    const caption = `${measure.title}, ${measure.unit} (${measure.better} is better)`;
    const top = Math.max(...cells.map(({ value }) => value?.high ?? 0), Number.MIN_VALUE);
    const bars = cells.map((cell, place) => drawBar(cell, place, top, measure.digits));
    return `<g transform="translate(${x + 10} ${y + 10})"><text y="14" font-weight="bold">${caption}</text>\n${bars.join('\n')}</g>`;
  });
  const [width, height] = [BOX.columns * BOX.width + 10, rows * BOX.height + 10];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<title>Tutti beside other servers: medians and ranges</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${boxes.join('\n')}
</svg>
`;
}

function drawBar({ server, value }: Cell, place: number, top: number, digits: number): string {
  const y = BAR.top + place * (BAR.height + BAR.gap);
  const middle = y + BAR.height / 2;
  const name = `<text x="${BAR.left - 6}" y="${middle}" dy="4" text-anchor="end">${server}</text>`;
  if (value === undefined) return `${name}<text x="${BAR.left}" y="${middle}" dy="4">does not keep up</text>`;
  const at = (amount: number): number => BAR.left + Math.max(1, Math.round((Math.max(0, amount) / top) * LONGEST));
  const bar = `<rect x="${BAR.left}" y="${y}" width="${at(value.median) - BAR.left}" height="${BAR.height}" fill="${COLOURS[server]}"/>`;
  const range = `<path d="M${at(value.low)} ${middle}H${at(value.high)}" stroke="#000" stroke-width="1.5"/>`;
  const number = `<text x="${at(value.high) + 5}" y="${middle}" dy="4">${printNumber(value.median, digits)}</text>`;
  return name + bar + range + number;
}
