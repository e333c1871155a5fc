import { createHash } from 'node:crypto';
import { type Client, createClient } from '@tutti/client';
import { NS, xml } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Account } from '../client/login.ts';
import { Device } from '../client/device.ts';
import { Hall, heard } from '../hall.ts';
import { itemsOf, publish, pubsub, receiveEvent, wantEvents } from '../pep.ts';
import { requirePeer } from '../peers.ts';
import { freshLocalpart, type OwnTarget } from '../target.ts';
import { startTutti } from '../targets/tutti.ts';
import { paint } from './picture.ts';
import { Profanity } from './profanity.ts';

/** What a terminal and two phones may need, on a busy machine. */
const SOON = { timeout: 20_000 };
const SUITE = 'Profanity in a terminal';
const hasPeers = requirePeer('profanity', SUITE) && requirePeer('tmux', SUITE);

/** Alice has Profanity, a client of today, and a phone with IM-NG; Bob has a phone and a desk, both with IM-NG. */
describe.runIf(hasPeers)('Profanity in tmux', () => {
  let tutti: OwnTarget;
  let alice: Account;
  let bob: Account;
  let profanity: Profanity;
  let alicesPhone: Client;
  let bobsPhone: Client;
  let desk: Device;

  beforeAll(async () => {
    tutti = await startTutti();
    [alice, bob] = await Promise.all([tutti.account('alice'), tutti.account('bob')]);
    profanity = await Profanity.open(alice, tutti.address('tcp').port);
    [alicesPhone, bobsPhone] = await Promise.all([startPhone(alice), startPhone(bob)]);
    desk = await Device.connect('bob.desk', tutti.address('tcp'), bob, 'desk');
    await desk.enableImNg();
    await desk.available();
    await profanity.connect();
  });

  afterAll(async () => {
    await profanity?.close();
    await Promise.all([alicesPhone?.stop(), bobsPhone?.stop(), desk?.close()]);
    await tutti?.stop();
  });

  async function startPhone({ jid, password }: Account): Promise<Client> {
    const service = `ws://127.0.0.1:${tutti.address('ws').port}/xmpp-websocket`;
    const client = createClient({ service, domain: tutti.domain, username: jid.split('@')[0] ?? '', password });
    await client.start();
    return client;
  }

  /** What a phone shows of the conversation with somebody. */
  const bodies = (phone: Client, peer: Account): (string | undefined)[] =>
    phone.conversation(peer.jid).messages.map(({ body }) => body);

  it('D1 D2 S2 XEP-0280: a conversation, in which it sees what the phone of its account sends', async () => {
    await profanity.type(`/msg ${bob.jid} hello from the terminal`);
    await expect.poll(() => bodies(bobsPhone, alice), SOON).toEqual(['hello from the terminal']);
    await bobsPhone.conversation(alice.jid).send('hello from bob');
    await profanity.shows(/^bob.*: hello from bob$/);
    await alicesPhone.conversation(bob.jid).send('hello from the phone');
    await profanity.shows(/^me: hello from the phone$/);
    await profanity.type('and from the terminal again');
    const conversation = [
      'hello from the terminal',
      'hello from bob',
      'hello from the phone',
      'and from the terminal again',
    ];
    await expect.poll(() => bodies(bobsPhone, alice), SOON).toEqual(conversation);
    await expect.poll(() => bodies(alicesPhone, bob), SOON).toEqual(conversation);
    await profanity.shows(/^me: and from the terminal again$/);
    for (const line of conversation) expect(await profanity.count(new RegExp(`: ${line}$`)), line).toBe(1);
  });

  it('D5 XEP-0160: what came while it was away is shown once when it is back', async () => {
    await profanity.disconnect();
    await bobsPhone.conversation(alice.jid).send('while the terminal was away');
    await profanity.connect();
    await profanity.type(`/msg ${bob.jid}`);
    await profanity.shows(/^bob.*: while the terminal was away$/);
    await profanity.type('back');
    await expect.poll(() => bodies(bobsPhone, alice).at(-1), SOON).toBe('back');
    await profanity.shows(/^me: back$/);
    expect(await profanity.count(/: while the terminal was away$/)).toBe(1);
    await profanity.type('/close');
  });

  it('XEP-0045: it makes a room, talks, whispers, changes the subject, sees who comes and goes', async () => {
    const hall = new Hall(`${freshLocalpart('hall')}@conference.${tutti.domain}`);
    await profanity.type('/presence room all');
    await profanity.type(`/join ${hall.jid} nick Alice`);
    await profanity.shows(/You have joined the room as Alice, role: moderator, affiliation: owner/);
    await profanity.type('/room accept');
    await profanity.shows(/Room unlocked/);
    await profanity.type('before bob');
    await profanity.shows(/^Alice: before bob$/);

    expect(heard(await hall.enter(desk, 'Bob'))).toEqual(['before bob']);
    await profanity.shows(/Bob has joined the room/);
    hall.say(desk, 'hello, all of you');
    await profanity.shows(/^Bob: hello, all of you$/);
    await profanity.type('hello, Bob');
    await desk.receive((stanza) => heard([stanza])[0] === 'hello, Bob');
    await profanity.shows(/^Alice: hello, Bob$/);
    await profanity.type('/subject set Balconies');
    await desk.receive((stanza) => stanza.child('subject')?.text() === 'Balconies');

    await profanity.type('/msg Bob psst');
    const whispered = await desk.receive((stanza) => stanza.child('body')?.text() === 'psst');
    expect(whispered.attrs['from']).toBe(hall.of('Alice'));
    hall.whisper(desk, 'Alice', 'psst to you');
    await profanity.shows(/^Bob.*: psst to you$/);
    await profanity.type(`/focus ${hall.jid}`);
    desk.presence({ to: hall.of('Bob'), type: 'unavailable' });
    await profanity.shows(/Bob has left the room/);
    await profanity.type('/close');
  });

  it('XEP-0402 XEP-0048: its bookmarks are the other devices’, and theirs are its own, and are joined', async () => {
    const tv = await Device.connect('alice.tv', tutti.address('tcp'), alice, 'tv');
    await tv.enableImNg();
    await wantEvents(tv, NS.bookmarks);
    const [garden, tomb] = ['garden', 'tomb'].map((name) => `${freshLocalpart(name)}@conference.${tutti.domain}`);
    await profanity.type(`/bookmark add ${garden} nick Ally autojoin on`);
    const told = await receiveEvent(tv, `${NS.bookmarks} ${garden}`);
    const bookmark = told
      .child('event', NS.pubsubEvent)
      ?.child('items')
      ?.child('item')
      ?.child('conference', NS.bookmarks);
    expect([bookmark?.attrs['autojoin'], bookmark?.child('nick')?.text()]).toEqual(['true', 'Ally']);

    const conference = xml('conference', { xmlns: NS.bookmarks, autojoin: 'true' }, xml('nick', null, 'Alicia'));
    await tv.ask('set', publish(NS.bookmarks, tomb, conference));
    await profanity.disconnect();
    await profanity.connect();
    await profanity.shows(new RegExp(`Autojoined ${garden} as Ally`));
    await profanity.shows(new RegExp(`Autojoined ${tomb} as Alicia`));
    await profanity.type('/bookmark list');
    await profanity.shows(new RegExp(`^ *${tomb}/Alicia \\(autojoin\\)`));
    await profanity.type(`/bookmark remove ${garden}`);
    await receiveEvent(tv, `${NS.bookmarks} -${garden}`);
    expect(await itemsOf(tv, NS.bookmarks)).toEqual([tomb]);
    await tv.close();
  });

  it('RFC 6121 §3: it asks for presence, is asked, and both see each other', async () => {
    await profanity.type(`/sub request ${bob.jid}`);
    await expect.poll(() => bobsPhone.people.asking, SOON).toEqual([alice.jid]);
    await bobsPhone.people.accept(alice.jid);
    await bobsPhone.people.add(alice.jid);
    await profanity.shows(new RegExp(`Received authorization request from ${bob.jid}`));
    await profanity.type(`/sub allow ${bob.jid}`);
    await expect.poll(() => bobsPhone.people.contacts.get(alice.jid)?.subscription, SOON).toBe('both');
  });

  it('XEP-0084 XEP-0398: its picture is seen by a contact, and the contact’s by it', async () => {
    await wantEvents(desk, NS.avatarMetadata);
    const file = profanity.write('picture.png', paint(200, 30, 30));
    await profanity.type(`/avatar set ${file}`);
    await profanity.shows(/Avatar updated successfully/);
    const told = await desk.receive(
      (stanza) => stanza.attrs['from'] === alice.jid && stanza.child('event', NS.pubsubEvent) !== undefined,
    );
    const id = told.child('event', NS.pubsubEvent)?.child('items')?.child('item')?.attrs['id'];
    const answer = await desk.ask('get', pubsub(xml('items', { node: NS.avatarData }, xml('item', { id }))), alice.jid);
    const data = answer.child('pubsub', NS.pubsub)?.child('items')?.child('item')?.child('data', NS.avatarData)?.text();
    // Profanity makes a PNG of its own of the picture.
    expect(
      createHash('sha1')
        .update(Buffer.from(data ?? '', 'base64'))
        .digest('hex'),
    ).toBe(id);
    const vcard = await desk.ask('get', xml('vCard', { xmlns: NS.vcardTemp }), alice.jid);
    expect(vcard.child('vCard', NS.vcardTemp)?.child('PHOTO')?.child('BINVAL')?.text()).toBe(data);

    const picture = paint(30, 30, 200);
    await setAvatar(desk, picture);
    await profanity.type(`/avatar get ${bob.jid}`);
    await expect.poll(() => profanity.files('avatars'), SOON).toEqual([picture]);
  });

  it('XEP-0363: a file that it sends is what the other side gets', async () => {
    const picture = paint(30, 200, 30);
    const file = profanity.write('garden.png', picture);
    await profanity.type(`/msg ${bob.jid} look`);
    await profanity.type(`/sendfile ${file}`);
    await expect.poll(() => bodies(bobsPhone, alice).at(-1), SOON).toMatch(/^http.*garden\.png$/);
    const response = await fetch(bodies(bobsPhone, alice).at(-1) ?? '');
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(picture);
    await expect.poll(() => bodies(alicesPhone, bob), SOON).toEqual(bodies(bobsPhone, alice));
  });
});

async function setAvatar(device: Device, picture: Buffer): Promise<void> {
  const id = createHash('sha1').update(picture).digest('hex');
  const data = xml('data', { xmlns: NS.avatarData }, picture.toString('base64'));
  await device.ask('set', publish(NS.avatarData, id, data));
  const info = xml('info', { id, type: 'image/png', bytes: picture.length });
  await device.ask('set', publish(NS.avatarMetadata, id, xml('metadata', { xmlns: NS.avatarMetadata }, info)));
}
