import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { AccountFacts, SessionFacts } from './facts.ts';
import { expect as foresee, type Given } from './reference.ts';

const session = (number: number, resource: string, facts: Partial<SessionFacts> = {}): SessionFacts => {
  return { session: number, resource, imNg: false, carbons: false, priority: 0, ...facts };
};
const account = (jid: string, ...sessions: SessionFacts[]): AccountFacts => ({
  jid,
  sessions,
  blocks: new Set(),
  unarchived: new Set(),
});

/** Alice: 1 IM-NG phone, 2 legacy desk with Carbons. Bob: 3 IM-NG phone, 4 legacy desk, 5 legacy tv with Carbons and negative priority. */
const alice = account('alice@localhost', session(1, 'phone', { imNg: true }), session(2, 'desk', { carbons: true }));
const bob = account(
  'bob@localhost',
  session(3, 'phone', { imNg: true }),
  session(4, 'desk'),
  session(5, 'tv', { carbons: true, priority: -1 }),
);

function message(to: string | undefined, type: string | undefined, ...children: Element[]): Element {
  return xml(
    'message',
    { from: 'alice@localhost/phone', to, type, id: 'm' },
    ...(children.length > 0 ? children : [xml('body', null, 'hello')]),
  );
}

function send(stanza: Element, changes: Partial<Given> = {}): ReturnType<typeof foresee> & { readonly told: string[] } {
  const given: Given = {
    stanza,
    sender: { account: alice, session: 1 },
    destination: 'account',
    recipient: bob,
    own: false,
    laterCopy: false,
    policy: 'everything',
    ...changes,
  };
  const expected = foresee(given);
  return { ...expected, told: [...expected.copies].map(([number, { form }]) => `${number} ${form}`).toSorted() };
}

describe('the reference of the rules', () => {
  it('C1 D1 D2 S1 S2: to a bare address: two rows, all IM-NG sessions, legacy ones as they are used to', () => {
    const { rows, told } = send(message('bob@localhost', 'chat'));
    expect(rows.map((row) => row.account)).toEqual(['alice@localhost', 'bob@localhost']);
    expect(told).toEqual(['1 direct', '2 sent', '3 direct', '4 direct', '5 received']);
  });

  it('C5 A4: to a full address: the recipient archives it with its bare address, the sender as sent', () => {
    const { rows, copies } = send(message('bob@localhost/desk', 'normal'));
    expect(rows.map(({ xml: text }) => /to='([^']*)'/.exec(text)?.[1])).toEqual([
      'bob@localhost/desk',
      'bob@localhost',
    ]);
    expect(copies.get(4)?.xml).toContain("to='bob@localhost/desk'");
  });

  it('C2: an error to a bare address is dropped', () => {
    expect(send(message('bob@localhost', 'error'))).toMatchObject({ class: 'nobody', rows: [], told: [] });
  });

  it('C3 D3 I5: with the marker: no row, the one session, or an error with the marker', () => {
    const marker = xml('im-ng', { xmlns: NS.imNg });
    expect(send(message('bob@localhost/phone', 'chat', marker))).toMatchObject({
      class: 'one',
      rows: [],
      told: ['3 direct'],
    });
    const { error, told } = send(message('bob@localhost/gone', 'chat', marker));
    expect(told).toEqual([]);
    expect(error?.child('im-ng', NS.imNg)).toBeDefined();
  });

  it('C4 S5: an error to a full address is for everyone there, and archived there only', () => {
    const { rows, told } = send(message('bob@localhost/desk', 'error'));
    expect(rows.map((row) => row.account)).toEqual(['bob@localhost']);
    expect(told).toEqual(['3 direct', '4 direct', '5 received']);
  });

  it('C6 D3: groupchat and headline to a full address are for that session', () => {
    expect(send(message('bob@localhost/tv', 'headline')).told).toEqual(['5 direct']);
    expect(send(message('bob@localhost/gone', 'headline')).error).toBeUndefined();
    expect(send(message('bob@localhost/gone', 'groupchat')).error).toBeDefined();
  });

  it('C7 S6: without an address: one row, one delivery each, a carbon for nobody who has it', () => {
    const { rows, told } = send(message(undefined, 'chat'), { recipient: undefined });
    expect(rows.map((row) => row.account)).toEqual(['alice@localhost']);
    expect(told).toEqual(['1 direct', '2 direct']);
  });

  it('D4: who blocks the sender has no row; the sender has, and is told', () => {
    const { rows, told, error } = send(message('bob@localhost', 'chat'), {
      recipient: { ...bob, blocks: new Set(['alice@localhost/phone']) },
    });
    expect(rows.map((row) => row.account)).toEqual(['alice@localhost']);
    expect(told).toEqual(['1 direct', '2 sent']);
    expect(error?.child('error')?.child('service-unavailable', NS.stanzas)).toBeDefined();
  });

  it('A8: what is not archived is delivered all the same', () => {
    const { rows, told } = send(message('bob@localhost', 'chat'), {
      recipient: { ...bob, unarchived: new Set(['alice@localhost/phone']) },
    });
    expect(rows.map((row) => row.account)).toEqual(['alice@localhost']);
    expect(told).toContain('3 direct');
  });

  it("D6: the later ones of a room's copies go to the legacy session that they name, and nowhere else", () => {
    const stanza = xml(
      'message',
      { from: 'balcony@rooms.localhost/nurse', to: 'bob@localhost/desk', type: 'chat', id: 'pm' },
      xml('body', null, 'psst'),
      xml('x', { xmlns: NS.mucUser }),
    );
    expect(send(stanza, { sender: undefined }).told).toEqual(['3 direct', '4 direct']);
    expect(send(stanza, { sender: undefined, laterCopy: true })).toMatchObject({ rows: [], told: ['4 direct'] });
  });

  it('S4: groupchat to a room is forwarded only; S7: what cannot be delivered comes back', () => {
    expect(
      send(message('balcony@rooms.localhost', 'groupchat'), { destination: 'service', recipient: undefined }),
    ).toMatchObject({ rows: [], told: [] });
    const remote = send(message('romeo@elsewhere.example', 'chat'), { destination: 'remote', recipient: undefined });
    expect(remote.rows).toHaveLength(1);
    expect(remote.error?.child('error')?.child('remote-server-not-found', NS.stanzas)).toBeDefined();
  });
});
