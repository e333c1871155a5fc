import { parseXml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { applyBlocking } from './blocklist.ts';
import { answerRequest, applyPresence, nobody } from './presence.ts';
import { applyRosterPush, readRoster } from './roster.ts';

const query = (items: string) => parseXml(`<query xmlns='jabber:iq:roster'>${items}</query>`);

describe('RFC 6121 §2: a roster', () => {
  const roster = readRoster(
    query(
      "<item jid='Bob@example.org' name='Bob' subscription='both'><group>a</group><group>b</group></item><item jid='eve@example.org' ask='subscribe'/>",
    ),
  );

  it('is read', () => {
    expect([...roster.values()]).toEqual([
      { jid: 'bob@example.org', name: 'Bob', subscription: 'both', asked: false, groups: ['a', 'b'] },
      { jid: 'eve@example.org', name: undefined, subscription: 'none', asked: true, groups: [] },
    ]);
  });

  it.each([
    [
      'adds',
      "<item jid='carol@example.org' subscription='to'/>",
      ['bob@example.org none', 'eve@example.org none', 'carol@example.org to'],
    ],
    ['changes', "<item jid='bob@example.org' subscription='from'/>", ['bob@example.org from', 'eve@example.org none']],
    ['removes', "<item jid='bob@example.org' subscription='remove'/>", ['eve@example.org none']],
    ['says nothing about nobody', '<item/>', ['bob@example.org none', 'eve@example.org none']],
  ])('a push %s', (_, items, expected) => {
    const before = new Map(roster).set('bob@example.org', { ...roster.get('bob@example.org')!, subscription: 'none' });
    expect(
      [...applyRosterPush(before, query(items)).values()].map(({ jid, subscription }) => `${jid} ${subscription}`),
    ).toEqual(expected);
    expect(before.size).toBe(2);
  });
});

describe('RFC 6121 §4: presence', () => {
  const presence = (attrs: string, children = '') =>
    parseXml(`<presence xmlns='jabber:client' ${attrs}>${children}</presence>`);
  const after = (...stanzas: ReturnType<typeof presence>[]) => stanzas.reduce(applyPresence, nobody);
  const addresses = (presences: typeof nobody): string[] =>
    (presences.available.get('bob@example.org') ?? []).map(({ address }) => address);

  it.each([
    ['one device', [["from='bob@example.org/a'"]], ['a']],
    [
      'the one of higher priority first',
      [["from='bob@example.org/a'"], ["from='bob@example.org/b'", '<priority>5</priority>']],
      ['b', 'a'],
    ],
    ['of equals the one that spoke last', [["from='bob@example.org/a'"], ["from='bob@example.org/b'"]], ['b', 'a']],
    [
      'one that goes',
      [["from='bob@example.org/a'"], ["from='bob@example.org/b'"], ["from='bob@example.org/b' type='unavailable'"]],
      ['a'],
    ],
    ['all that go', [["from='bob@example.org/a'"], ["from='bob@example.org' type='unavailable'"]], []],
    ['an error is no presence', [["from='bob@example.org/a'"], ["from='bob@example.org/a' type='error'"]], []],
  ] as [string, [string, string?][], string[]][])('%s', (_, stanzas, expected) => {
    const presences = after(...stanzas.map(([attrs, children]) => presence(attrs, children)));
    expect(addresses(presences)).toEqual(expected.map((resource) => `bob@example.org/${resource}`));
  });

  it('has show, status and priority; what is none is not one', () => {
    const [one] = after(
      presence("from='bob@example.org/a'", '<show>dnd</show><status>Busy</status><priority>-1</priority>'),
    ).available.get('bob@example.org')!;
    expect(one).toEqual({ address: 'bob@example.org/a', show: 'dnd', status: 'Busy', priority: -1 });
    const [other] = after(
      presence("from='bob@example.org/a'", '<show>online</show><priority>high</priority>'),
    ).available.get('bob@example.org')!;
    expect(other).toMatchObject({ show: undefined, priority: 0 });
  });

  it('§3.1.3: who asks is there once, until they are answered or ask no more', () => {
    const asked = after(
      presence("from='bob@example.org' type='subscribe'"),
      presence("from='bob@example.org' type='subscribe'"),
    );
    expect(asked.asking).toEqual(['bob@example.org']);
    expect(answerRequest(asked, 'bob@example.org').asking).toEqual([]);
    expect(applyPresence(asked, presence("from='bob@example.org' type='unsubscribe'")).asking).toEqual([]);
  });

  it.each(["from='bob@example.org' type='subscribed'", 'type="unavailable"'])('%s changes nothing', (attrs) => {
    expect(applyPresence(nobody, presence(attrs))).toBe(nobody);
  });
});

describe('XEP-0191: a block list', () => {
  it.each([
    ['<blocklist><item jid="c"/></blocklist>', ['c']],
    ['<block><item jid="c"/></block>', ['a', 'b', 'c']],
    ['<unblock><item jid="a"/></unblock>', ['b']],
    ['<unblock/>', []],
    ['<other/>', ['a', 'b']],
  ])('after %s', (text, expected) => {
    expect([...applyBlocking(new Set(['a', 'b']), parseXml(text, 'urn:xmpp:blocking'))]).toEqual(expected);
  });
});
