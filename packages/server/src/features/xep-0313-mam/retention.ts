import type { FeatureApi } from '../../feature.ts';

const SWEEP_INTERVAL_MS = 60 * 60 * 1000;

/** A7: deletes what is past its retention, now and every hour; with no retention at all still the dedupe keys whose window has ended. */
export function sweepArchive(api: FeatureApi): void {
  const sweep = (): void => {
    const { retention, transientRetention } = api.config.archive;
    const bound = (seconds: number): number => api.clock.now() - seconds * 1000;
    api.log
      .expire({
        ...(transientRetention === Infinity ? {} : { transient: bound(transientRetention) }),
        ...(retention === Infinity ? {} : { other: bound(retention) }),
      })
      .then((deleted) => {
        if (deleted > 0) api.logger.info({ rule: 'A7', rows: deleted }, 'old messages have been deleted');
      })
      .catch((error: unknown) =>
        api.logger.error({ rule: 'A7', error: String(error) }, 'old messages could not be deleted'),
      )
      .finally(() => api.clock.after(SWEEP_INTERVAL_MS, sweep));
  };
  sweep();
}
