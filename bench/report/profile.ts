import type { Setting } from './machine.ts';
import { printTable } from './table.ts';

/** CPU time of one stage of a message. */
export interface Stage {
  readonly name: string;
  /** Microseconds for a message. */
  readonly micros: number;
}

/** Where the time of a message goes. */
export interface ProfileRecord {
  readonly setting: Setting;
  readonly messages: number;
  readonly deliveriesPerMessage: number;
  /** CPU of the whole process for a message, in microseconds. */
  readonly cpuMicros: number;
  /** By thread. */
  readonly threads: readonly { readonly name: string; readonly stages: readonly Stage[] }[];
}

/** The stages as a table. */
export function printProfile({ threads }: ProfileRecord): string {
  const total = threads.flatMap(({ stages }) => stages).reduce((sum, { micros }) => sum + micros, 0);
  const body = threads.flatMap(({ name: thread, stages }) =>
    stages.map(({ name, micros }, index) => [
      index === 0 ? thread : '',
      name,
      micros.toFixed(1),
      `${((100 * micros) / total).toFixed(0)} %`,
    ]),
  );
  return printTable(['Thread', 'Stage', 'µs a message', 'Share'], [...body, ['', 'all', total.toFixed(1), '100 %']]);
}
