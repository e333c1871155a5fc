import { type Spread, spread } from '../load/statistics.ts';
import type { Figures, RoundSize } from '../measures/round.ts';
import type { ServerName } from '../servers/server.ts';
import type { Setting } from './machine.ts';
import { type Measure, measures } from './measures.ts';

/** What `npm run bench` measured, as it is kept. */
export interface Comparison {
  readonly setting: Setting;
  readonly size: RoundSize;
  /** One for each repetition; in each, the servers ran one after the other. */
  readonly rounds: readonly (readonly Figures[])[];
}

/** One measure of one server. */
export interface Cell {
  readonly server: ServerName;
  /** Undefined where it did not keep up in most of the repetitions. */
  readonly value: Spread | undefined;
  /** How many times as good Tutti is, repetition by repetition; above 1 is in Tutti's favour. */
  readonly ratio: Spread | undefined;
}

/** One line of the table. */
export interface Line {
  readonly measure: Measure;
  readonly cells: readonly Cell[];
}

/** Which servers took part, with their versions. */
export function serversOf({ rounds }: Comparison): { name: ServerName; version: string }[] {
  return (rounds[0] ?? []).map(({ server, version }) => ({ name: server, version }));
}

/** Median and range of each measure of each server, and its ratio to Tutti. */
export function compare(comparison: Comparison): Line[] {
  return measures.map((measure) => ({
    measure,
    cells: serversOf(comparison).map(({ name }) => makeCell(comparison, measure, name)),
  }));
}

function makeCell({ rounds }: Comparison, { of, better }: Measure, server: ServerName): Cell {
  const valueOf = (round: readonly Figures[], name: ServerName): number | undefined => {
    const figures = round.find((one) => one.server === name);
    const value = figures && of(figures);
    // On a machine that had no time for it nothing may have been done: then there is no cost of it either
    return Number.isFinite(value) ? value : undefined;
  };
  const values = rounds.map((round) => valueOf(round, server)).filter((value) => value !== undefined);
  if (values.length * 2 <= rounds.length) return { server, value: undefined, ratio: undefined };
  const ratios = rounds.flatMap((round) => {
    const [own, theirs] = [valueOf(round, 'Tutti'), valueOf(round, server)];
    if (server === 'Tutti' || own === undefined || theirs === undefined) return [];
    return better === 'more' ? own / theirs : theirs / own;
  });
  const finite = ratios.filter(Number.isFinite);
  return { server, value: spread(values), ratio: spread(finite) };
}

/** What is wrong with a comparison: copies or rows that are missing. Empty is good. */
export function findFaults({ rounds }: Comparison): string[] {
  return rounds.flatMap((round, index) =>
    round.flatMap(({ server, lost, surplus, missingRows }) =>
      lost + surplus + missingRows === 0
        ? []
        : `${server}, repetition ${index + 1}: ${lost} copies lost, ${surplus} too many, ${missingRows} archive rows off`,
    ),
  );
}
