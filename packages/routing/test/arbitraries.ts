import fc from 'fast-check';
import { NS, xml } from '@tutti/xmpp';
import type { Message, SessionFacts, World } from '../src/index.ts';
import { ALICE, BOB, message } from './facts.ts';

const resources = ['phone', 'tv', 'desk', 'old', 'tablet'];

/** Up to five sessions of any kind. No session has both IM-NG and Carbons (E3). */
export const anySessions: fc.Arbitrary<SessionFacts[]> = fc
  .uniqueArray(fc.constantFrom(...resources), { maxLength: resources.length })
  .chain((names) => fc.tuple(...names.map(anySession)));

function anySession(resource: string): fc.Arbitrary<SessionFacts> {
  const kind = fc.constantFrom(
    { imNg: true, carbons: false },
    { imNg: false, carbons: true },
    { imNg: false, carbons: false },
  );
  const priority = fc.constantFrom(undefined, -128, -1, 0, 5, 127);
  return fc.record({ kind, priority }).map((given) => ({ resource, ...given.kind, priority: given.priority }));
}

const children = [
  xml('body', null, 'hello'),
  xml('composing', { xmlns: NS.chatStates }),
  xml('received', { xmlns: NS.receipts, id: '1' }),
  xml('no-store', { xmlns: NS.hints }),
  xml('private', { xmlns: NS.carbons }),
  xml('x', { xmlns: NS.mucUser }),
  xml('reactions', { xmlns: 'urn:xmpp:reactions:0' }),
  xml('error', { type: 'cancel' }),
];

/** Messages of every type to every form of address of both accounts, of strangers and of none. */
const anyMessage: fc.Arbitrary<Message> = fc
  .record({
    to: fc.constantFrom(
      undefined,
      ...[ALICE, BOB, 'room@muc.example.org', 'ann@remote.example'].flatMap((jid) => [
        jid,
        ...[...resources, 'gone'].map((resource) => `${jid}/${resource}`),
      ]),
    ),
    type: fc.constantFrom(undefined, 'normal', 'chat', 'headline', 'groupchat', 'error', 'nonsense'),
    marked: fc.boolean(),
    children: fc.subarray(children),
  })
  .map(message);

/** A message and a world that it may meet: what the caller says of addresses fits the message. */
export const anyCase: fc.Arbitrary<{ message: Message; world: World }> = fc
  .record({
    message: anyMessage,
    isLocal: fc.boolean(),
    exists: fc.boolean(),
    roomCopy: fc.boolean(),
    policy: fc.constantFrom('everything' as const, 'content' as const),
    alice: fc.record({ sessions: anySessions, blocks: fc.boolean(), archives: fc.boolean() }),
    bob: fc.record({ sessions: anySessions, blocks: fc.boolean(), archives: fc.boolean() }),
  })
  .map(({ message: sent, isLocal, exists, roomCopy, policy, alice, bob }) => {
    const target = sent.to?.bare.toString() ?? ALICE;
    const phone: SessionFacts = { resource: 'phone', imNg: true, carbons: false, priority: 0 };
    const sessions = alice.sessions.some(({ resource }) => resource === 'phone')
      ? alice.sessions
      : [phone, ...alice.sessions];
    const own = { jid: ALICE, ...alice, sessions };
    const known = target === ALICE ? own : target === BOB && exists ? { jid: BOB, ...bob } : undefined;
    const destination = target === ALICE || target === BOB ? 'account' : target.includes('muc') ? 'service' : 'remote';
    const world: World = {
      destination,
      policy,
      roomCopy,
      recipient: destination === 'account' ? known : undefined,
      ...(isLocal || sent.to === undefined ? { sender: { ...own, resource: 'phone' } } : {}),
    };
    return { message: sent, world };
  });
