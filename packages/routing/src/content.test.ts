import { describe, expect, it } from 'vitest';
import { parseXml } from '@tutti/xmpp';
import { readContent } from './content.ts';

/** Reads `<message type=…>children</message>`. */
function read(type: string | undefined, children: string): ReturnType<typeof readContent> {
  const attribute = type === undefined ? '' : ` type='${type}'`;
  return readContent(parseXml(`<message xmlns='jabber:client'${attribute}>${children}</message>`));
}

const body = '<body>hello</body>';
const typing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
const receipt = "<received xmlns='urn:xmpp:receipts' id='1'/>";
const marker = "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>";
const reaction = "<reactions xmlns='urn:xmpp:reactions:0' id='1'><reaction>!</reaction></reactions>";
const noStore = "<no-store xmlns='urn:xmpp:hints'/>";
const noArchive = "<no-permanent-store xmlns='urn:xmpp:hints'/>";
const noCopy = "<no-copy xmlns='urn:xmpp:hints'/>";
const store = "<store xmlns='urn:xmpp:hints'/>";
const secret = "<private xmlns='urn:xmpp:carbons:2'/>";
const thread = '<thread>t</thread>';
const origin = "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>";
const stamp = "<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/>";
const occupant = "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='x'/>";
const imNg = "<im-ng xmlns='urn:xmpp:im-ng:0'/>";
const roomUser = "<x xmlns='http://jabber.org/protocol/muc#user'/>";
const invite = "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b'/></x>";
const directInvite = "<x xmlns='jabber:x:conference' jid='room@muc.example'/>";

describe('A7 transient', () => {
  it.each([
    ['a chat state alone', typing, true],
    ['a chat state in a thread, with an origin-id and a marker', typing + thread + origin + imNg, true],
    ['a chat state with stamps of others', typing + stamp + occupant + roomUser, true],
    ['a chat state with a body', typing + body, false],
    ['a chat state with a receipt', typing + receipt, false],
    ['a chat state with a subject', `${typing}<subject>s</subject>`, false],
    ['a body', body, false],
    ['a body that is not to be stored', body + noStore, false],
    ['a receipt', receipt, false],
    ['a reaction', reaction, false],
    ['a receipt that is not to be stored', receipt + noStore, true],
    ['a receipt that is not to be archived', receipt + noArchive, true],
    ['a reaction that is to be stored', reaction + store, false],
    ['nothing', '', false],
  ])('%s', (_, children, transient) => {
    for (const type of ['chat', 'normal', 'headline', 'groupchat'])
      expect(read(type, children).transient).toBe(transient);
  });
});

describe('D5 XEP-0160 §3 what is offered to a legacy session that comes later', () => {
  it.each([
    ['chat', body, true],
    [undefined, body, true],
    ['nonsense', body, true],
    ['chat', receipt, true],
    ['chat', typing, false],
    ['chat', typing + thread, false],
    ['chat', '', false],
    ['chat', reaction + noStore, false],
    ['chat', reaction + noArchive, true],
    ['chat', body + noStore, true],
    ['normal', "<x xmlns='jabber:x:oob'/>", true],
    ['headline', body, false],
    ['groupchat', body, false],
    ['error', body, false],
  ])('%s %s: %s', (type, children, offline) => {
    expect(read(type, children).offline).toBe(offline);
  });
});

describe('D2 XEP-0280 §6.1 eligible for Carbons', () => {
  it.each([
    ['chat', '', true],
    ['chat', body, true],
    ['chat', reaction, true],
    ['normal', body, true],
    [undefined, body, true],
    ['normal', reaction, false],
    ['normal', receipt, true],
    ['normal', typing, true],
    ['normal', marker, true],
    ['headline', body, false],
    ['headline', marker, true],
    ['error', '', true],
    ['groupchat', body, false],
    ['groupchat', receipt, false],
    ['groupchat', directInvite, false],
    ['normal', directInvite, true],
    ['normal', invite, true],
    ['chat', body + secret, false],
    ['chat', body + secret + noCopy, false],
    ['chat', body + noCopy, false],
    ['error', secret, false],
    ['normal', invite + secret, false],
  ])('%s %s: %s', (type, children, carbons) => {
    expect(read(type, children).carbons).toBe(carbons);
  });
});

describe('D6 XEP-0045 §7.5 from a room', () => {
  it.each([
    [body + roomUser, true],
    [body, false],
    [invite, false],
    [directInvite, false],
  ])('%s: %s', (children, fromRoom) => {
    expect(read('chat', children).fromRoom).toBe(fromRoom);
  });
});

describe('S8 XEP-0359 §2.2 origin-id', () => {
  it('is read where there is one', () => {
    expect(read('chat', body + origin).originId).toBe('o1');
    expect(read('chat', body).originId).toBeUndefined();
    expect(read('chat', "<stanza-id xmlns='urn:xmpp:sid:0' by='a@b' id='1'/>").originId).toBeUndefined();
  });
});
