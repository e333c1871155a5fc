import { atStart, count, duration, flag, limit, optionalTable, sizeLimit } from '../keys.ts';

/** XEP-0124, XEP-0206. */
export const bosh = optionalTable(
  'XMPP over HTTP requests (BOSH, XEP-0124 and XEP-0206), at /http-bind of the HTTP server.',
  {
    enabled: atStart(flag(true, 'Serve BOSH, where the HTTP server is enabled.')),
    wait: count(60, 'How many seconds a request may wait for something to be told.', { min: 1, max: 600 }),
    inactivity: count(60, 'After how many seconds without a request a client is gone.', { min: 1, max: 3600 }),
    pause: duration('2 minutes', 'How long a client may be away that has said so.', { none: 'it may not' }),
    polling: count(2, 'How many seconds a client that does not wait leaves between empty requests.', {
      min: 0,
      max: 600,
    }),
    requests: count(2, 'How many requests of a client may be open at a time.', { min: 2, max: 10 }),
    body_bytes: sizeLimit('320 KiB', 'The largest body of a request.', 20_000),
    reading_bytes: sizeLimit(
      '16 MiB',
      'What the bodies that are being read may take in memory, all together.',
      1_000_000,
    ),
    sessions: limit(10_000, 'How many clients there may be.'),
  },
);
