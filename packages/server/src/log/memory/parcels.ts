import type { ParcelQueue } from '../log.ts';
import type { StoredParcel } from './state.ts';

/** The queues that these parcels form; they come in the order of their ids. */
export function summarizeParcels(parcels: Iterable<StoredParcel>): readonly ParcelQueue[] {
  const queues = Map.groupBy(parcels, ({ from, to }) => `${from} ${to}`);
  return [...queues.values()].map((queue) => {
    const [first] = queue as [StoredParcel];
    return {
      from: first.from,
      to: first.to,
      count: queue.length,
      bytes: queue.reduce((sum, { stanza }) => sum + stanza.length, 0),
      oldest: Math.min(...queue.map(({ at }) => at)),
      last: Math.max(...queue.map(({ id }) => id)),
    };
  });
}
