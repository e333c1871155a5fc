import { choice, duration, flag, limit, optionalTable } from '../keys.ts';

/** XEP-0379, XEP-0401, XEP-0445. */
export const invitations = optionalTable(
  'Invitation links (XEP-0401): for new contacts, and for new accounts also where registration is closed.',
  {
    contacts: flag(true, 'Let users make links by which somebody becomes their contact.'),
    accounts: choice(
      ['nobody', 'admins', 'everyone'],
      'admins',
      'Who may make links by which somebody gets an account here; `tutti invite` always may.',
    ),
    lifetime: duration('7 days', 'How long a link is good; it is good once.'),
    per_account: limit(100, 'Links of one account that are good at the same time.'),
  },
);
