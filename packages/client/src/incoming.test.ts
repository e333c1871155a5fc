import { NS, parseXml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import {
  isChatStateOnly,
  isConversational,
  placeMessage,
  readChatState,
  readIncoming,
  readOriginId,
} from './incoming.ts';

const own = 'alice@example.org';
const message = (attrs: string, children = '') =>
  parseXml(`<message xmlns='jabber:client' ${attrs}>${children}</message>`);
const body = '<body>Hi</body>';
const stanzaId = (by: string): string => `<stanza-id xmlns='${NS.sid}' by='${by}' id='a1'/>`;
const forwarded = (of: string, stamp = "stamp='2026-01-02T03:04:05Z'"): string =>
  `<forwarded xmlns='${NS.forward}'><delay xmlns='${NS.delay}' ${stamp}/>${of}</forwarded>`;
const inner = `<message xmlns='jabber:client' from='bob@example.org/x' to='${own}'>${body}</message>`;
const result = `<result xmlns='${NS.mam}' queryid='q' id='a1'>${forwarded(inner)}</result>`;
const carbon = `<received xmlns='${NS.carbons}'>${forwarded(inner)}</received>`;
const marker = `<im-ng xmlns='${NS.imNg}'/>`;

describe('a message that came', () => {
  it.each([
    ['archived, says the own account', `from='bob@example.org/x'`, body + stanzaId(own), 'archived'],
    [
      "another account's stanza-id says nothing",
      `from='bob@example.org/x'`,
      body + stanzaId('bob@example.org'),
      'unarchived',
    ],
    [
      'K4: an own message that the server vouches for',
      `from='${own}/desk' to='bob@example.org'`,
      body + stanzaId(own),
      'archived',
    ],
    ['K4: an own message that it does not vouch for', `from='${own}/desk' to='bob@example.org'`, body, 'forged'],
    ['K4: not either when it is addressed to this device', `from='${own}/desk' to='${own}/phone'`, body, 'forged'],
    ["the account's own notice", `from='${own}'`, `<event xmlns='${NS.pubsubEvent}'/>`, 'unarchived'],
    ['K3: marked', `from='bob@example.org/x' to='${own}/phone'`, body + marker, 'private'],
    [
      'K3: marked, whatever it says of the archive',
      `from='bob@example.org/x' to='${own}/phone'`,
      body + marker + stanzaId(own),
      'private',
    ],
    ['D3: an error that is marked', `from='bob@example.org/x' type='error'`, marker, 'private'],
    ['a result of the archive', `from='${own}'`, result, 'result'],
    ['a result without a sender, from the own account: RFC 6120 §8.1.2.1', ``, result, 'result'],
    ['a result from anybody else', `from='bob@example.org'`, result, 'forged'],
    ["a result from one's own other device", `from='${own}/desk'`, result, 'forged'],
    ['a result without its message', `from='${own}'`, `<result xmlns='${NS.mam}' queryid='q' id='a1'/>`, 'forged'],
    ['a carbon', `from='${own}'`, carbon, 'carbon'],
    ['XEP-0280 §11: a carbon from anybody else', `from='bob@example.org'`, carbon, 'forged'],
    ['a room speaks', `from='room@rooms.example.org/bob' type='groupchat'`, body, 'unarchived'],
  ])('%s', (_, attrs, children, kind) => {
    expect(readIncoming(message(attrs, children), own).kind).toBe(kind);
  });

  it('a result has its id, time and message', () => {
    expect(readIncoming(message(`from='${own}'`, result), own)).toMatchObject({
      query: 'q',
      row: { id: 'a1', time: Date.UTC(2026, 0, 2, 3, 4, 5) },
    });
    const unstamped = `<result xmlns='${NS.mam}' queryid='q' id='a1'>${forwarded(inner, '')}</result>`;
    expect(readIncoming(message(`from='${own}'`, unstamped), own)).toMatchObject({ row: { time: undefined } });
  });
});

describe('the place of a message', () => {
  it.each([
    ["from='bob@example.org/x' to='alice@example.org'", 'bob@example.org', false],
    ["from='alice@example.org/x' to='bob@example.org/y'", 'bob@example.org', true],
    ["from='Alice@Example.org/x' to='BOB@example.org'", 'bob@example.org', true],
    ["from='alice@example.org/x'", 'alice@example.org', true],
    ["to='bob@example.org'", 'bob@example.org', true],
    ["from='example.org' to='alice@example.org'", 'example.org', false],
  ])('%s', (attrs, peer, outgoing) => {
    expect(placeMessage(message(attrs), own)).toEqual({ peer, outgoing });
  });
});

describe('what a message is about', () => {
  const composing = `<composing xmlns='${NS.chatStates}'/>`;

  it.each([
    ['a chat state', composing, true],
    [
      'a chat state with a thread, hints and ids',
      `${composing}<thread>t</thread><no-store xmlns='${NS.hints}'/>${stanzaId(own)}`,
      true,
    ],
    ['a text that has one', body + `<active xmlns='${NS.chatStates}'/>`, false],
    ['nothing', '', false],
  ])('%s is a chat state only: %#', (_, children, expected) => {
    expect(isChatStateOnly(message('', children))).toBe(expected);
    expect(isConversational(message('', children))).toBe(!expected);
  });

  it('a room and a notification are not conversational', () => {
    expect(isConversational(message("type='groupchat'", body))).toBe(false);
    expect(isConversational(message('', `<event xmlns='${NS.pubsubEvent}'/>`))).toBe(false);
  });

  it('the chat state in it', () => {
    expect(readChatState(message('', composing + body))).toBe('composing');
    expect(readChatState(message('', body))).toBeUndefined();
  });

  it('XEP-0359: its origin-id, else its id', () => {
    expect(readOriginId(message("id='i'", `<origin-id xmlns='${NS.sid}' id='o'/>`))).toBe('o');
    expect(readOriginId(message("id='i'"))).toBe('i');
    expect(readOriginId(message(''))).toBeUndefined();
  });
});
