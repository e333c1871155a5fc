import { describe, expect, it } from 'vitest';
import { runExplain } from '../../test/run-explain.ts';

const PAGES: readonly (readonly [title: string, args: readonly string[], page: string])[] = [
  [
    'C1 S1 S2 A1 A6 D1 D2 a chat message to a bare JID',
    [],
    `
alice@localhost/phone → bob@localhost   chat   "Dinner at eight?"

Class
  everyone                              C1  §4 ¶1                to a bare JID
Archive
  alice@localhost  one row              S1  §3.3                 sent by one of its sessions
  bob@localhost    one row              A1  §4 ¶3                whoever is online
  both or neither                       A6  §4 ¶3                one transaction, before all else (A3)
alice@localhost
  phone   IM-NG    the archived stanza  S1  §3.3                 its own, with its place in the archive
  laptop  IM-NG    the archived stanza  S1  §3.3                 reflected to all IM-NG sessions
  desk    Carbons  a <sent/> carbon     S2  XEP-0280 §8          a legacy sibling with Carbons
bob@localhost
  phone   IM-NG    the archived stanza  D1  §3.3                 every IM-NG session, in archive order
  laptop  IM-NG    the archived stanza  D1  §3.3                 every IM-NG session, in archive order
  desk    Carbons  as it was sent       D2  RFC 6121 §8.5.2.1.1  available, of priority 0 or more
`,
  ],
  [
    'C3 D3 S7 for one session that is not there: the error comes back to the sending session alone',
    ['--to', 'bob@localhost/gone', '--marker'],
    `
alice@localhost/phone → bob@localhost/gone   chat   marked <im-ng/>   "Dinner at eight?"

Class
  one                                   C3  §3.3   to a full JID, with the marker
Archive
  alice@localhost  no row               S5  §4 ¶3  for one session: forwarded only
  bob@localhost    no row               A1  §4 ¶3  only what is for everyone is archived
alice@localhost
  phone   IM-NG    nothing              S5  §4 ¶3  for one session: forwarded only
  laptop  IM-NG    nothing              S5  §4 ¶3  for one session: forwarded only
  desk    Carbons  nothing              S5  §4 ¶3  for one session: forwarded only
bob@localhost
  phone   IM-NG    nothing              D3  §3.3   for gone alone
  laptop  IM-NG    nothing              D3  §3.3   for gone alone
  desk    Carbons  nothing              D3  §3.3   for gone alone
Error
  <service-unavailable/> with <im-ng/>  D3  §3.3   there is no session gone

The error comes back  bob@localhost/gone → alice@localhost/phone   error   marked <im-ng/>   <service-unavailable/>

Class
  one                                   C3  §3.3   to a full JID, with the marker
Archive
  alice@localhost  no row               A1  §4 ¶3  only what is for everyone is archived
alice@localhost
  phone   IM-NG    as it was sent       D3  §3.3   the one that the address names
  laptop  IM-NG    nothing              D3  §3.3   for phone alone
  desk    Carbons  nothing              D3  §3.3   for phone alone
`,
  ],
  [
    'D4 S7 C4 a blocked sender: the error comes back to all devices',
    ['--blocked'],
    `
alice@localhost/phone → bob@localhost   chat   "Dinner at eight?"

Class
  everyone                               C1  §4 ¶1          to a bare JID
Archive
  alice@localhost  one row               S1  §3.3           sent by one of its sessions
  bob@localhost    no row                D4  XEP-0191 §3.3  blocks the sender
alice@localhost
  phone   IM-NG    the archived stanza   S1  §3.3           its own, with its place in the archive
  laptop  IM-NG    the archived stanza   S1  §3.3           reflected to all IM-NG sessions
  desk    Carbons  a <sent/> carbon      S2  XEP-0280 §8    a legacy sibling with Carbons
bob@localhost
  phone   IM-NG    nothing               D4  XEP-0191 §3.3  blocks the sender
  laptop  IM-NG    nothing               D4  XEP-0191 §3.3  blocks the sender
  desk    Carbons  nothing               D4  XEP-0191 §3.3  blocks the sender
Error
  <service-unavailable/>                 D4  XEP-0191 §3.3  the addressee blocks the sender

The error comes back  bob@localhost → alice@localhost/phone   error   <service-unavailable/>

Class
  everyone                               C4  §4 ¶2          an error to a full JID, no marker
Archive
  alice@localhost  one row               A1  §4 ¶3          whoever is online, addressed to the bare JID (A4)
alice@localhost
  phone   IM-NG    the archived stanza   D1  §3.3           every IM-NG session, in archive order
  laptop  IM-NG    the archived stanza   D1  §3.3           every IM-NG session, in archive order
  desk    Carbons  a <received/> carbon  D2  XEP-0280 §7    Carbons, and not addressed itself
`,
  ],
  [
    'C7 S6 a note to oneself, without an address',
    ['--no-to', '--type', 'normal', '--body', 'Buy milk'],
    `
alice@localhost/phone → (no address)   normal   "Buy milk"

Class
  everyone                              C1  §4 ¶1                to a bare JID
                                        C7  RFC 6120 §10.3.1     no address: the sender's own bare JID
Archive
  alice@localhost  one row              S6  §3.3                 to oneself: one row
alice@localhost
  phone   IM-NG    the archived stanza  S6  §3.3                 a note to oneself comes once
  laptop  IM-NG    the archived stanza  S6  §3.3                 a note to oneself comes once
  desk    Carbons  as it was sent       D2  RFC 6121 §8.5.2.1.1  to oneself: available, of priority 0 or more
`,
  ],
  [
    'C1 S4 groupchat to a room',
    ['--to', 'room@conference.localhost', '--type', 'groupchat'],
    `
alice@localhost/phone → room@conference.localhost   groupchat   "Dinner at eight?"

Class
  everyone                   C1  §4 ¶1  to a bare JID
Archive
  alice@localhost  no row    S4  §4 ¶1  the room reflects and archives it
alice@localhost
  phone   IM-NG    nothing   S4  §4 ¶1  the room reflects and archives it
  laptop  IM-NG    nothing   S4  §4 ¶1  the room reflects and archives it
  desk    Carbons  nothing   S4  §4 ¶1  the room reflects and archives it
Forwarded
  room@conference.localhost  S4  §4 ¶1  handed on as it was sent
`,
  ],
  [
    'A7 D2 a typing notification under the policy "content", in a world of one\'s own',
    [
      '--typing',
      '--policy',
      'content',
      '--session',
      'bob@localhost/phone=im-ng,silent',
      '--session',
      'bob@localhost/old=legacy,priority=-1',
      '--session',
      'bob@localhost/desk=legacy,carbons,silent',
    ],
    `
alice@localhost/phone → bob@localhost   chat   <composing/>

Class
  everyone                              C1  §4 ¶1                to a bare JID
Archive
  alice@localhost  no row               A7  §4 ¶3                the policy keeps transient messages out
  bob@localhost    no row               A7  §4 ¶3                the policy keeps transient messages out
alice@localhost
  phone   IM-NG    the archived stanza  S1  §3.3                 its own, with its place in the archive
  laptop  IM-NG    the archived stanza  S1  §3.3                 reflected to all IM-NG sessions
  desk    Carbons  a <sent/> carbon     S2  XEP-0280 §8          a legacy sibling with Carbons
bob@localhost
  phone  IM-NG    the archived stanza   D1  §3.3                 every IM-NG session, in archive order
  old    legacy   nothing               D2  RFC 6121 §8.5.2.1.1  negative priority, and no Carbons
  desk   Carbons  a <received/> carbon  D2  XEP-0280 §7          Carbons, and not addressed itself
`,
  ],
];

describe('tutti explain', () => {
  it.each(PAGES)('%s', async (_, args, page) => {
    expect(await runExplain(args)).toEqual({ code: 0, out: page.slice(1), err: '' });
  });

  it('fits on a screen', () => {
    const plain = PAGES[0]?.[2] ?? '';
    expect(plain.split('\n').length).toBeLessThan(24);
    expect(Math.max(...plain.split('\n').map((line) => line.length))).toBeLessThan(105);
  });

  it('has colours on a terminal, but not where NO_COLOR is set', async () => {
    const plain = await runExplain([]);
    const painted = await runExplain([], { terminal: true });
    expect(painted.out).toContain('\u001B[1m');
    // oxlint-disable-next-line no-control-regex -- the colours are control characters
    expect(painted.out.replaceAll(/\u001B\[\d+m/g, '')).toBe(plain.out);
    expect((await runExplain([], { terminal: true, env: { NO_COLOR: '1' } })).out).toBe(plain.out);
  });

  it('--json: everything as data, the answer too', async () => {
    const { out } = await runExplain(['--to', 'bob@localhost/gone', '--marker', '--json']);
    const data = JSON.parse(out) as Record<string, never>;
    expect(data).toMatchObject({
      message: { from: 'alice@localhost/phone', to: 'bob@localhost/gone', type: 'chat', marked: true },
      class: { name: 'one', rule: 'C3', section: '§3.3' },
      archive: [
        { account: 'alice@localhost', archived: false, rule: 'S5' },
        { account: 'bob@localhost', archived: false, rule: 'A1' },
      ],
      forward: null,
      error: { condition: 'service-unavailable', marked: true, rule: 'D3' },
      answer: { class: { name: 'one', rule: 'C3' }, answer: null },
    });
  });
});
