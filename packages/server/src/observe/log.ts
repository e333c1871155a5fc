import type { LogObserver } from '../log/sqlite/sqlite-log.ts';
import type { Metrics } from './metrics.ts';

/** Counts what the log does. */
export function observeLog(metrics: Metrics): LogObserver {
  return {
    committed(rows, seconds) {
      metrics.logBatchRows.observe(rows);
      metrics.logCommitSeconds.observe(seconds);
    },
    settled: (seconds) => metrics.logAppendSeconds.observe(seconds),
    failed: () => metrics.logFailures.inc(),
  };
}
