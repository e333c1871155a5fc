import { choice, count, duration, flag, limit, optionalTable, sizeLimit } from '../keys.ts';

/** XEP-0357. */
export const push = optionalTable('Notifications for devices that are not connected (XEP-0357).', {
  content: choice(
    ['nothing', 'count', 'sender', 'body'],
    'count',
    'What an app server is told: only that there is something; how many messages; who sent the last one, too; its text, too.',
  ),
  body_bytes: sizeLimit('1 KiB', 'How much of a text is told, where it is.'),
  ack_time: duration(
    '5 seconds',
    'How long a connected device may take to acknowledge a message before it is notified.',
  ),
  registrations: limit(20, 'App servers that one account may have; the oldest gives way.'),
  options_bytes: sizeLimit('4 KiB', 'The largest form of publish options.'),
  errors: count(
    3,
    'How many refusals in a row end a registration. An app server that cannot be reached has not refused: it is told again later.',
    { min: 1, max: 1000 },
  ),
  withdraw: flag(
    true,
    'Tell an app server, too, when messages that it was told of have been displayed elsewhere (XEP-0490).',
  ),
  interval: duration(
    '1 second',
    'The shortest time between two notifications of a registration; what comes in between is told in one.',
    {
      none: 'no limit',
    },
  ),
});
