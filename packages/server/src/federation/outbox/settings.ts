import type { Config } from '../../config/schema.ts';
import type { OutboxLimits } from './outbox.ts';
import type { QueueSettings } from './queue.ts';

/** What is configured for the outbox, times in ms. */
export function outboxSettings({ outbox }: Pick<Config, 'outbox'>): QueueSettings & OutboxLimits {
  return {
    ...outbox,
    expiry: outbox.expiry * 1000,
    transientExpiry: outbox.transientExpiry * 1000,
    confirmTime: outbox.confirmTime * 1000,
    retryFirst: outbox.retryFirst * 1000,
    retryLongest: outbox.retryLongest * 1000,
  };
}
