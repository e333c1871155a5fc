import { duration, limit, optionalTable, sizeLimit } from '../keys.ts';

/** XEP-0377. */
export const reports = optionalTable(
  'What users report of those whom they block (XEP-0377); `tutti reports` lists it.',
  {
    per_account: limit(100, 'Reports kept of one account; the oldest gives way.'),
    messages: limit(20, 'Messages kept with one report.'),
    text_bytes: sizeLimit('4 KiB', 'How much of a text is kept.'),
    retention: duration('90 days', 'How long reports are kept.', { forever: true }),
  },
);
