import { type Element, NS, xml } from '@tutti/xmpp';
import type { Chance } from '../../simulation/world/chance.ts';
import { Device } from '../client/device.ts';
import type { TracedServer } from './traced-server.ts';

/** What messages are found by: in the log's pages, on the sockets, and in the archive. */
export const TOKEN = /tok\.\w+\.\d{5}/g;

/** A message that was sent. */
export interface SentMessage {
  readonly token: string;
  /** Bare JIDs: whose archives have it. */
  readonly from: string;
  readonly to: string;
}

/** What was sent over a server. */
export interface Traffic {
  readonly accounts: readonly string[];
  readonly messages: ReadonlyMap<string, SentMessage>;
  /** The tokens of all that a resource has sent since it enabled stream management, in order. */
  sent(resource: string): readonly string[];
}

/** Who takes part. Resources are unique. The last of each account is a legacy client with Carbons. */
const PEOPLE: Readonly<Record<string, readonly string[]>> = {
  alice: ['phone', 'laptop', 'console'],
  bob: ['tablet', 'desk'],
};
const LEGACY = new Set(['console']);

/** How long everybody may take to get everything, in milliseconds. */
const PATIENCE = 30_000;

/**
 * Sends about so many messages between two people with five devices, each of which has up to eight messages on their way and asks for an `<a/>`
 * after each; ends when all are acknowledged and every IM-NG device has all of its account's.
 */
export async function makeTraffic(server: TracedServer, count: number, chance: Chance): Promise<Traffic> {
  const messages = new Map<string, SentMessage>();
  const sent = new Map<string, string[]>();
  const devices: Device[] = [];
  const accounts = Object.keys(PEOPLE).map((name) => `${name}@${server.address.domain}`);
  for (const jid of accounts) await server.add(jid, 'secret');
  for (const [name, resources] of Object.entries(PEOPLE)) {
    const jid = `${name}@${server.address.domain}`;
    for (const resource of resources) {
      const device = await Device.connect(`${name}.${resource}`, server.address, { jid, password: 'secret' }, resource);
      if (LEGACY.has(resource)) {
        await device.enableCarbons();
        await device.available();
      } else await device.enableImNg();
      // From here on it sends nothing but messages, so that `h` counts them.
      await device.enableSm(false);
      devices.push(device);
    }
  }
  const each = Math.ceil(count / devices.length);
  await Promise.all(
    devices.map(async (device) => {
      const own = chance.fork(device.name);
      const tokens: string[] = [];
      sent.set(device.resource, tokens);
      for (let i = 0; i < each; i++) {
        const token = `tok.${device.resource}.${String(i).padStart(5, '0')}`;
        const to = own.pick(devices);
        messages.set(token, { token, from: device.bare, to: to.bare });
        tokens.push(token);
        await send(device, makeMessage(token, own.happens(0.2) ? to.jid : to.bare, own), own.between(0, 7));
      }
      await device.acknowledged();
    }),
  );
  const deadline = Date.now() + PATIENCE;
  for (const device of devices) {
    if (LEGACY.has(device.resource)) continue;
    const mine = [...messages.values()].filter(({ from, to }) => from === device.bare || to === device.bare);
    while (countMessages(device) < mine.length) {
      if (Date.now() > deadline)
        throw new Error(`${device.name} got ${countMessages(device)} of ${mine.length} messages`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  for (const device of devices) await device.close();
  return { accounts, messages, sent: (resource) => sent.get(resource) ?? [] };
}

/** Sends, asks for the count, and waits while more than `ahead` are not acknowledged. */
async function send(device: Device, message: Element, ahead: number): Promise<void> {
  device.send(message);
  device.wire.send(xml('r', { xmlns: NS.sm }));
  while (device.sm !== undefined && device.sm.sent - device.sm.acked > ahead) {
    await device.expect((element) => element.is('a', NS.sm));
  }
}

/** Mostly small ones; now and then one that no page of the log holds as a whole, or a typing notification. */
function makeMessage(token: string, to: string, chance: Chance): Element {
  const kind = chance.weighted({ small: 9, large: 1, typing: 1 });
  if (kind === 'typing') {
    return xml('message', { type: 'chat', to, id: token }, xml('composing', { xmlns: NS.chatStates }));
  }
  const text = 'x'.repeat(kind === 'small' ? chance.between(0, 200) : chance.between(5_000, 20_000));
  const originId = chance.happens(0.5) && xml('origin-id', { xmlns: NS.sid, id: token });
  return xml('message', { type: 'chat', to, id: token }, xml('body', null, `${token} ${text} ${token}`), originId);
}

function countMessages(device: Device): number {
  return device.transcript.filter((stanza) => stanza.name === 'message').length;
}
