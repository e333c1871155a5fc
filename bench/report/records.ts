import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Comparison } from './comparison.ts';
import type { GoalRecord } from './goals.ts';
import type { ProfileRecord } from './profile.ts';

/** What docs/performance.md is made from: the last run of each kind that was written down. */
export interface Records {
  readonly peers: Comparison;
  /** By the number of the goal. */
  readonly goals: Readonly<Record<string, GoalRecord>>;
  readonly profile: ProfileRecord;
}

const FOLDER = join(import.meta.dirname, '../records');

/** Reads what was kept; undefined when nothing was. */
export function recall<K extends keyof Records>(name: K): Records[K] | undefined {
  const path = pathOf(name);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Records[K]) : undefined;
}

/** Keeps the result of a run in place of the one before. */
export function keep<K extends keyof Records>(name: K, record: Records[K]): void {
  writeFileSync(pathOf(name), `${JSON.stringify(record, null, 2)}\n`);
}

function pathOf(name: string): string {
  return join(FOLDER, `${name}.json`);
}
