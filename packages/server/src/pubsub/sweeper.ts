import type { Clock, Logger } from '../environment.ts';

/** How often items that are too old are removed, in ms; whoever reads a node meanwhile does not see them. */
const INTERVAL_MS = 10 * 60 * 1000;

/** Does it now and then; the next time is counted from the end of the last one. */
export function sweepExpired(
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  expire: () => Promise<void>,
): void {
  clock.after(INTERVAL_MS, () => {
    expire()
      .catch((error: unknown) => logger.error({ error: String(error) }, 'old items could not be removed'))
      .finally(() => sweepExpired({ clock, logger }, expire));
  });
}
