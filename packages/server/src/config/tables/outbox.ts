import { duration, limit, optionalTable, sizeLimit } from '../keys.ts';

/** What waits for other servers, components and services. */
export const outbox = optionalTable(
  'Messages that wait on the disk until the other server, component or service has them (docs/guarantees.md).',
  {
    expiry: duration('2 days', 'After how long the sender is told that a message could not be delivered (rule S7).', {
      none: 'never',
    }),
    transient_expiry: duration(
      '1 minute',
      'The same for typing notifications and no-store messages (rule A7), which are worth little when they come late.',
      { none: 'as long as others' },
    ),
    confirm_time: duration(
      '10 minutes',
      'How long a server that was there before has to be gone for good (no such domain, say) before messages for it are returned; ' +
        'what fails for now is tried until it expires.',
      { none: 'not at all' },
    ),
    retry_first: duration('5 seconds', 'How long to wait after a first failure; each further one doubles it.'),
    retry_longest: duration('10 minutes', 'How long to wait at most.'),
    messages_per_domain: limit(10_000, 'Messages that may wait for one domain; further ones are refused for now.'),
    bytes_per_domain: sizeLimit('64 MiB', 'Bytes of messages that may wait for one domain.'),
    messages: limit(100_000, 'Messages that may wait for all domains together.'),
    bytes: sizeLimit('512 MiB', 'Bytes of messages that may wait for all domains together.'),
  },
);
