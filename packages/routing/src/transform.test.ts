import { describe, expect, it } from 'vitest';
import { NS, parseXml } from '@tutti/xmpp';
import { archivedForm, carbonOf, withoutForgedIds, withStanzaId } from './transform.ts';

const BOB = 'bob@example.org';
const forged = (by: string): string => `<stanza-id xmlns='urn:xmpp:sid:0' by='${by}' id='forged'/>`;
const marker = "<im-ng xmlns='urn:xmpp:im-ng:0'/>";
const message = (to: string, children: string) =>
  parseXml(`<message xmlns='jabber:client' from='ann@x.example/y' to='${to}' type='chat' id='1'>${children}</message>`);

describe('A4 §4 ¶8 the archived form', () => {
  it('A4 a message that nothing is to be done to is the same object', () => {
    const stanza = message(BOB, "<body>hi</body><x xmlns='urn:x'><y/></x>");
    expect(archivedForm(stanza, { toBare: false }, BOB, true)).toBe(stanza);
  });

  it('A4 C5 `to` becomes the bare JID, and every other byte stays', () => {
    const content = '<body>a  &amp; b</body><z:x xmlns:z=\'urn:x\' z:k="v"/>';
    const archived = archivedForm(message(`${BOB}/phone`, content), { toBare: true }, BOB, false);
    expect(archived.toString('jabber:client')).toBe(message(BOB, content).toString('jabber:client'));
    expect(archived.toString('jabber:client')).toContain(content);
  });

  it('C1 the marker on a bare address is stripped', () => {
    const archived = archivedForm(message(BOB, `<body>hi</body>${marker}`), { toBare: false }, BOB, true);
    expect(archived.elements.map(({ name }) => name)).toEqual(['body']);
  });

  it('C3 the marker on a full address stays', () => {
    const stanza = message(`${BOB}/phone`, `<body>hi</body>${marker}`);
    expect(archivedForm(stanza, { toBare: false }, BOB, false)).toBe(stanza);
  });

  it('C1 what is only called like the marker stays', () => {
    const stanza = message(BOB, "<body>hi</body><im-ng xmlns='urn:other'/>");
    expect(archivedForm(stanza, { toBare: false }, BOB, true)).toBe(stanza);
  });

  it.each([
    ['the account', BOB, true],
    ['the account, spelled differently', 'BOB@Example.ORG', true],
    ['a session of the account', `${BOB}/phone`, false],
    ['a room', 'room@muc.example', false],
    ['nobody', '', false],
    ['no address', 'bob@', false],
  ])('A4 XEP-0359 §3 a stanza-id by %s', (_, by, goes) => {
    const stanza = message(BOB, `<body>hi</body>${forged(by)}`);
    expect(archivedForm(stanza, { toBare: false }, BOB, true).child('stanza-id', NS.sid) === undefined).toBe(goes);
  });

  it('A4 XEP-0359 §3 all forged ids go; one without `by` and origin-ids stay', () => {
    const rest = "<stanza-id xmlns='urn:xmpp:sid:0' id='1'/><origin-id xmlns='urn:xmpp:sid:0' id='1'/>";
    const stanza = message(BOB, forged(BOB) + rest + forged(BOB));
    expect(withoutForgedIds(stanza, BOB).elements.map(({ name, attrs }) => `${name} ${attrs['by']}`)).toEqual([
      'stanza-id undefined',
      'origin-id undefined',
    ]);
  });
});

describe('A5 XEP-0313 §3.5 the stanza-id', () => {
  it('A5 A6 is one, by the account, whatever the sender claimed', () => {
    const stanza = archivedForm(message(BOB, `<body>hi</body>${forged(BOB)}`), { toBare: false }, BOB, true);
    const ids = withStanzaId(stanza, BOB, '7').childrenNamed('stanza-id', NS.sid);
    expect(ids.map(({ attrs }) => ({ ...attrs }))).toEqual([{ by: BOB, id: '7' }]);
  });
});

describe('D2 S2 XEP-0280 carbons', () => {
  it.each(['sent', 'received'] as const)(
    '§7 §8 %s: from the account to the session, with the type and the whole message',
    (form) => {
      const stanza = message(BOB, '<body>hi</body>');
      const carbon = carbonOf(form, stanza, BOB, `${BOB}/desk`);
      expect({ ...carbon.attrs }).toEqual({ from: BOB, to: `${BOB}/desk`, type: 'chat' });
      const copy = carbon.child(form, NS.carbons)?.child('forwarded', NS.forward)?.elements ?? [];
      expect(copy.map(String)).toEqual([stanza.toString()]);
    },
  );

  it('§7 a message without a type stays without', () => {
    const stanza = message(BOB, '').with({ type: undefined });
    expect('type' in carbonOf('sent', stanza, BOB, `${BOB}/desk`).attrs).toBe(false);
  });
});
