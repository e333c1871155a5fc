import type { Spread } from '../load/statistics.ts';
import { type Comparison, compare, serversOf } from './comparison.ts';

/** A comparison as a Markdown table: median and range, and how many times as good Tutti is. */
export function printComparison(comparison: Comparison): string {
  const servers = serversOf(comparison);
  const head = ['', ...servers.flatMap(({ name }) => (name === 'Tutti' ? [name] : [name, 'Tutti is']))];
  const body = compare(comparison).map(({ measure: { title, unit, digits }, cells }) => [
    `${title}, ${unit}`,
    ...cells.flatMap(({ server, value, ratio }) => {
      const shown = value === undefined ? 'does not keep up' : printSpread(value, digits);
      return server === 'Tutti' ? [shown] : [shown, printRatio(ratio)];
    }),
  ]);
  return printTable(head, body);
}

/** Rows of cells as Markdown, padded to be read as text too. */
export function printTable(head: readonly string[], body: readonly (readonly string[])[]): string {
  const width = head.map((cell, index) => Math.max(cell.length, ...body.map((row) => (row[index] ?? '').length), 3));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, index) => cell.padEnd(width[index] ?? 0)).join(' | ')} |`;
  return [line(head), `|${width.map((size) => '-'.repeat(size + 2)).join('|')}|`, ...body.map(line)].join('\n');
}

function printSpread({ median, low, high }: Spread, digits: number): string {
  return `${printNumber(median, digits)} (${printNumber(low, digits)}–${printNumber(high, digits)})`;
}

function printRatio(ratio: Spread | undefined): string {
  if (ratio === undefined) return '';
  const digits = ratio.median < 10 ? 1 : 0;
  return `× ${printSpread(ratio, digits)}`;
}

/** A number with thousands set apart. */
export function printNumber(value: number, digits = 0): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
