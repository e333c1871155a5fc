import { atStart, choice, duration, flag, limit, optionalTable, sizeLimit } from '../keys.ts';

/** XEP-0045. */
export const rooms = optionalTable('Rooms for many (XEP-0045), at conference.DOMAIN for each served domain.', {
  enabled: atStart(flag(true, 'Offer rooms.')),
  create: choice(
    ['local', 'anyone', 'admins'],
    'local',
    'Who may create rooms: users of this server, anybody, or those listed in `admins`, who always may and own every room.',
  ),
  rooms: limit(10_000, 'Rooms on one domain.'),
  rooms_per_account: limit(100, 'Rooms that one user may have created.'),
  occupants: limit(2000, 'Occupants of one room; ten more where these are its admins or owners.'),
  sessions_per_occupant: limit(20, 'Sessions that one user may have in a room under one nickname.'),
  affiliations: limit(5000, 'Users that one room may have on record: owners, admins, members, banned ones.'),
  requests: limit(100, 'Registrations with one room that wait for an admin to approve them.'),
  hats: limit(50, 'Hats in one room (XEP-0317).'),
  history: limit(50, 'Messages kept at hand for those who enter; how many an entering client gets at most. 0 = none.'),
  history_bytes: sizeLimit('256 KiB', 'Bytes of those messages in one room.'),
  message_bytes: sizeLimit('64 KiB', 'The largest message to a room or to an occupant.'),
  presence_bytes: sizeLimit('16 KiB', 'The largest presence in a room.'),
  text_bytes: sizeLimit('4 KiB', 'The longest name, description or subject of a room.'),
  vcard_bytes: sizeLimit('128 KiB', 'The largest vCard of a room, its picture included.'),
  stanzas_per_second: limit(
    10,
    'Messages and presence that one session may send to a room per second in the long run.',
  ),
  stanzas_burst: limit(50, 'Messages and presence that one session may send to a room at once.'),
  list_page: limit(100, 'Rooms in one page of the list of rooms.'),
  ping_after: duration(
    '15 minutes',
    'After how long a silence a session in a room is asked whether it is still there.',
    {
      none: 'never',
    },
  ),
});
