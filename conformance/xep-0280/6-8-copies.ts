import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual } from '../checks.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';

interface Case {
  readonly title: string;
  readonly type?: string;
  readonly children: readonly Element[];
  readonly copied: boolean;
  /** Only servers that announce `carbons:rules:0` have to. */
  readonly strict?: boolean;
}

const body = xml('body', null, 'hello');

const CASES: readonly Case[] = [
  { title: 'chat with a body', type: 'chat', children: [body], copied: true },
  {
    title: 'chat without a body',
    type: 'chat',
    children: [xml('whatever', { xmlns: 'urn:example:unknown' })],
    copied: true,
    strict: true,
  },
  { title: 'normal with a body', type: 'normal', children: [body], copied: true },
  { title: 'no type, with a body', children: [body], copied: true },
  {
    title: 'normal without a body',
    children: [xml('whatever', { xmlns: 'urn:example:unknown' })],
    copied: false,
    strict: true,
  },
  {
    title: 'normal with a receipt',
    children: [xml('received', { xmlns: NS.receipts, id: 'x' })],
    copied: true,
    strict: true,
  },
  {
    title: 'normal with a chat state',
    children: [xml('active', { xmlns: NS.chatStates })],
    copied: true,
    strict: true,
  },
  {
    title: 'normal with a marker',
    children: [xml('displayed', { xmlns: NS.chatMarkers, id: 'x' })],
    copied: true,
    strict: true,
  },
  {
    title: 'an invitation',
    children: [xml('x', { xmlns: NS.mucDirectInvite, jid: 'room@rooms.invalid' })],
    copied: true,
    strict: true,
  },
  { title: 'groupchat', type: 'groupchat', children: [body], copied: false },
  { title: 'headline', type: 'headline', children: [body], copied: false },
  {
    title: 'chat with <private/>',
    type: 'chat',
    children: [body, xml('private', { xmlns: NS.carbons }), xml('no-copy', { xmlns: NS.hints })],
    copied: false,
  },
];

export default section('xep-0280', '6', 'Which messages are copied, and how', { needs: ['carbons'] }, ({ test }) => {
  for (const { title, type, children, copied, strict } of CASES) {
    test(
      `§6.1 §7 §8 ${title}: ${copied ? 'copied' : 'not copied'}`,
      async (stage) => {
        const { alice, bob } = await stage.cast({
          alice: 'phone=legacy tv=legacy,carbons',
          bob: 'phone=legacy tv=legacy,carbons mute=legacy,carbons,silent',
        });
        const sent = alice.phone.message({ to: bob.phone.jid, type }, ...children);
        const news = await stage.news(alice.phone);
        if (copied) {
          const copies = [
            ['sent', alice.tv],
            ['received', bob.tv],
            ['received', bob.mute],
          ] as const;
          for (const [kind, device] of copies) {
            const list = news.get(device) ?? [];
            checkEqual(list.length, 1, `the number of copies for ${device.name}`);
            const [copy] = list;
            const inner = copy?.child(kind, NS.carbons)?.child('forwarded', NS.forward)?.child('message', NS.client);
            check(copy !== undefined && inner !== undefined, `${device.name} got ${String(copy)}`);
            checkEqual(
              [copy.attrs['from'], copy.attrs['to'], copy.attrs['type'] ?? 'normal'],
              [device.bare, device.jid, type ?? 'normal'],
              `the wrapper for ${device.name}`,
            );
            checkEqual(
              [inner.attrs['from'], inner.attrs['to'], inner.attrs['id']],
              [alice.phone.jid, bob.phone.jid, sent.attrs['id']],
              'the message in it',
            );
          }
        } else {
          for (const device of [alice.tv, bob.tv, bob.mute]) {
            const copies = (news.get(device) ?? []).filter((stanza) =>
              stanza.elements.some(({ ns, name }) => ns === NS.carbons && name !== 'private'),
            );
            checkEqual(copies.length, 0, `the number of copies for ${device.name}`);
          }
        }
        checkEqual((news.get(bob.phone) ?? []).length, 1, 'messages of the addressed session');
        checkEqual((news.get(alice.phone) ?? []).length, 0, 'messages of the sender');
      },
      strict === true ? ['carbons-rules'] : [],
    );
  }

  test('§7 a session that gets the message itself gets no copy', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy,carbons tv=legacy,carbons' });
    alice.phone.message({ to: bob.jid, type: 'chat' }, 'hello');
    const news = await stage.news(alice.phone);
    for (const device of bob.devices) checkEqual((news.get(device) ?? []).length, 1, `messages of ${device.name}`);
  });

  test('§11 a forged carbon from somebody else is only a message', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy,carbons' });
    const forged = xml(
      'message',
      { xmlns: NS.client, from: 'carol@example.org/x', to: bob.jid, type: 'chat' },
      xml('body', null, 'forged'),
    );
    alice.phone.message(
      { to: bob.phone.jid, type: 'chat' },
      xml('received', { xmlns: NS.carbons }, xml('forwarded', { xmlns: NS.forward }, forged)),
    );
    for (const stanza of (await stage.news(alice.phone)).get(bob.phone) ?? []) {
      check(stanza.attrs['from'] === alice.phone.jid, `comes from ${stanza.attrs['from']}`);
    }
  });
});
