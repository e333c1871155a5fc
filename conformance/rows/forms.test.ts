import { type Element, NS, parseXml, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { checkForm, checkSameAsArchived, type Original, type Receiver, recognizeForm } from './forms.ts';

const alice = 'alice@tutti.example';
const bob = 'bob@tutti.example';

/** What alice's phone sent to bob/tv: class everyone, archived by both. */
const original: Original = {
  stanza: parseXml(`<message xmlns='jabber:client' to='${bob}/tv' type='chat' id='1'><body>hello</body></message>`),
  from: `${alice}/phone`,
  target: bob,
  bareCopies: true,
  exclusive: false,
  error: 'service-unavailable',
};

function receiver(jid: string, stored?: Element): Receiver {
  const archive = new Map([['7', { id: '7', at: '', stanza: stored ?? xml('message') }]]);
  return { name: 'a device', jid, archive, archived: true, open: false };
}

const stanzaId = (by: string, id = '7') => `<stanza-id xmlns='${NS.sid}' by='${by}' id='${id}'/>`;
const message = (attrs: string, content: string) =>
  parseXml(`<message xmlns='jabber:client' id='1' ${attrs}>${content}</message>`);
const hello = '<body>hello</body>';
const error = (condition: string) => `<error type='cancel'><${condition} xmlns='${NS.stanzas}'/></error>`;

const archivedAttrs = `from='${alice}/phone' to='${bob}' type='chat'`;
const reflectedAttrs = `from='${alice}/phone' to='${bob}/tv' type='chat'`;

describe('a copy that is right', () => {
  it.each([
    ['archived', message(archivedAttrs, hello + stanzaId(bob)), `${bob}/phone`, true],
    ['reflection', message(reflectedAttrs, hello + stanzaId(alice)), `${alice}/tv`, true],
    ['as sent', message(reflectedAttrs, hello + stanzaId(bob)), `${bob}/tv`, false],
    [
      'bounce',
      message(`from='${bob}/tv' to='${alice}' type='error'`, error('service-unavailable') + stanzaId(alice)),
      `${alice}/tv`,
      true,
    ],
  ] as const)('%s', (form, stanza, jid, imNg) => {
    expect(recognizeForm(stanza, original, receiver(jid), imNg)).toBe(form);
    expect(() => checkForm(form, stanza, original, receiver(jid))).not.toThrow();
  });
});

describe('a copy that is wrong is found out', () => {
  it.each([
    ['A4 another body', 'archived', message(archivedAttrs, `<body>bye</body>${stanzaId(bob)}`), `${bob}/phone`],
    [
      'A4 a full address on the recipient side',
      'archived',
      message(reflectedAttrs, hello + stanzaId(bob)),
      `${bob}/phone`,
    ],
    [
      'S3 a rewritten address on the sender side',
      'reflection',
      message(archivedAttrs, hello + stanzaId(alice)),
      `${alice}/tv`,
    ],
    [
      'S3 a bare from',
      'reflection',
      message(`from='${alice}' to='${bob}/tv' type='chat'`, hello + stanzaId(alice)),
      `${alice}/tv`,
    ],
    ['A5 no stanza-id', 'archived', message(archivedAttrs, hello), `${bob}/phone`],
    [
      'A5 two stanza-ids',
      'archived',
      message(archivedAttrs, hello + stanzaId(bob) + stanzaId(bob, '8')),
      `${bob}/phone`,
    ],
    [
      'A5 an id that the archive does not have',
      'archived',
      message(archivedAttrs, hello + stanzaId(bob, '8')),
      `${bob}/phone`,
    ],
    [
      "A6 the other account's stanza-id",
      'archived',
      message(archivedAttrs, hello + stanzaId(bob) + stanzaId(alice)),
      `${bob}/phone`,
    ],
    [
      'C1 a marker left in',
      'archived',
      message(archivedAttrs, `${hello}<im-ng xmlns='${NS.imNg}'/>${stanzaId(bob)}`),
      `${bob}/phone`,
    ],
    [
      'S7 another condition',
      'bounce',
      message(`from='${bob}/tv' to='${alice}' type='error'`, error('conflict') + stanzaId(alice)),
      `${alice}/tv`,
    ],
    [
      'S7 an error from elsewhere',
      'bounce',
      message(`from='${bob}' to='${alice}' type='error'`, error('service-unavailable') + stanzaId(alice)),
      `${alice}/tv`,
    ],
  ] as const)('%s', (_title, form, stanza, jid) => {
    expect(() => checkForm(form, stanza, original, receiver(jid))).toThrow(/a device/);
  });

  it('A4 I2 live and archived differ in an attribute', () => {
    const live = message(archivedAttrs, hello + stanzaId(bob));
    expect(() => checkSameAsArchived(live, receiver(`${bob}/phone`, message(archivedAttrs, hello)))).not.toThrow();
    expect(() => checkSameAsArchived(live, receiver(`${bob}/phone`, message(reflectedAttrs, hello)))).toThrow(
      /is archived as/,
    );
  });
});
