import { spread } from '../load/statistics.ts';
import { printSetting, type Setting } from './machine.ts';
import { printNumber, printTable } from './table.ts';

/** One thing that a goal asks for, and what it was each time. */
export interface GoalResult {
  readonly what: string;
  readonly unit: string;
  readonly digits: number;
  /** `most` or `least` that it may be; without either it is told beside the others. */
  readonly most?: number;
  readonly least?: number;
  readonly values: readonly number[];
}

/** What was measured for one goal. */
export interface GoalRecord {
  readonly setting: Setting;
  readonly results: readonly GoalResult[];
}

/** From so many waiting processes on, what is measured on the clock says more of the machine than of the server. */
const BUSY_LOAD = 2;

/** Measured on the clock, rather than in CPU time or bytes. */
function isOnClock({ unit }: GoalResult): boolean {
  return ['ms', 'per s', 'msg/s'].includes(unit);
}

/** Whether the median is within the bound; undefined where there is none. */
export function isMet({ most, least, values }: GoalResult): boolean | undefined {
  const median = spread(values)?.median;
  if (median === undefined || (most === undefined && least === undefined)) return undefined;
  return median <= (most ?? Number.POSITIVE_INFINITY) && median >= (least ?? Number.NEGATIVE_INFINITY);
}

/** The goals, what was measured, and whether that will do; then where it was measured. */
export function printGoals(goals: Readonly<Record<string, GoalRecord>>): string {
  const numbers = Object.keys(goals).sort((a, b) => Number(a) - Number(b));
  const body = numbers.flatMap((number) =>
    (goals[number] as GoalRecord).results.map((result) => [number, ...printResult(result, isBusy(goals[number]))]),
  );
  const settings = new Map<string, string[]>();
  for (const number of numbers) {
    const text = printSetting((goals[number] as GoalRecord).setting);
    settings.set(text, [...(settings.get(text) ?? []), number]);
  }
  const where = [...settings].map(([text, which]) => `- goal ${which.join(', ')}: ${text}`);
  const head = ['Goal', 'What', 'Wanted', 'Measured: median (range)', 'Met?'];
  return `${printTable(head, body)}\n\nMeasured:\n\n${where.join('\n')}`;
}

/** Others wanted the machine as well. */
function isBusy(record: GoalRecord | undefined): boolean {
  return (record?.setting.loadBefore ?? 0) > BUSY_LOAD;
}

function printResult(result: GoalResult, busy: boolean): string[] {
  const { what, unit, digits, most, least, values } = result;
  const wanted =
    most !== undefined
      ? `≤ ${printNumber(most, digits)}`
      : least !== undefined
        ? `≥ ${printNumber(least, digits)}`
        : '';
  const { median, low, high } = spread(values) ?? { median: Number.NaN, low: Number.NaN, high: Number.NaN };
  const range = values.length > 1 ? ` (${printNumber(low, digits)}–${printNumber(high, digits)})` : '';
  const met = isMet(result);
  return [
    `${what}, ${unit}`,
    wanted,
    printNumber(median, digits) + range,
    met === undefined ? '' : met ? 'yes' : busy && isOnClock(result) ? '**no**, on a busy machine' : '**no**',
  ];
}
