import type { Figures } from '../measures/round.ts';

/** One thing that is measured on every server. */
export interface Measure {
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  /** Which is better. */
  readonly better: 'more' | 'less';
  /** Undefined: the server did not keep up. */
  readonly of: (figures: Figures) => number | undefined;
}

const latency =
  (rate: number, part: 'p50' | 'p99') =>
  ({ latency: all }: Figures): number | undefined =>
    all.find((one) => one.rate === rate)?.figures?.[part];

/** Everything that `npm run bench` compares, in the order of the table. */
export const measures: readonly Measure[] = [
  { title: 'Messages', unit: 'msg/s', digits: 0, better: 'more', of: (one) => one.messagesPerSecond },
  { title: 'CPU for 1000 messages', unit: 's', digits: 3, better: 'less', of: (one) => one.cpuPer1000 },
  { title: 'Latency at 500 msg/s, p50', unit: 'ms', digits: 1, better: 'less', of: latency(500, 'p50') },
  { title: 'Latency at 500 msg/s, p99', unit: 'ms', digits: 1, better: 'less', of: latency(500, 'p99') },
  { title: 'Latency at 3000 msg/s, p50', unit: 'ms', digits: 1, better: 'less', of: latency(3000, 'p50') },
  { title: 'Latency at 3000 msg/s, p99', unit: 'ms', digits: 1, better: 'less', of: latency(3000, 'p99') },
  { title: 'Memory of an idle session', unit: 'KiB', digits: 1, better: 'less', of: (one) => one.idleSessionKiB },
  { title: 'Logins', unit: 'per s', digits: 0, better: 'more', of: (one) => one.loginsPerSecond },
  { title: 'Logins', unit: 'per CPU s', digits: 0, better: 'more', of: (one) => one.loginsPerCpuSecond },
  { title: 'Archive pages of 50', unit: 'per s', digits: 0, better: 'more', of: (one) => one.pagesPerSecond },
  { title: 'Catch-up of all accounts', unit: 'msg/s', digits: 0, better: 'more', of: (one) => one.catchUpPerSecond },
  { title: 'Fan-out to 50 devices', unit: 'deliveries/s', digits: 0, better: 'more', of: (one) => one.fanOutPerSecond },
  { title: 'CPU for 1000 of them', unit: 's', digits: 4, better: 'less', of: (one) => one.fanOutCpuPer1000 },
  { title: 'Start', unit: 'ms', digits: 0, better: 'less', of: (one) => one.startMs },
  { title: 'Archive on disk', unit: 'bytes/row', digits: 0, better: 'less', of: (one) => one.bytesPerRow },
];
