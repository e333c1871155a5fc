import { type Element, errorReply, NS, readForm, resultReply, type StanzaError, xml } from '@tutti/xmpp';
import type { Device } from './device.ts';
import { createWorld, type World } from './world.ts';

/** The address of the app server. */
export const SERVICE = 'push.localhost';

/** An app server that remembers what it was told, and answers as it is told to. */
class AppServer {
  readonly told: Element[] = [];
  refuses: StanzaError | undefined;
  silent = false;

  constructor(world: World) {
    world.core.services.set(SERVICE, (iq) => {
      if (iq.attrs['type'] !== 'set') return undefined;
      this.told.push(iq);
      if (this.silent) return undefined;
      world.core.router.route(this.refuses === undefined ? resultReply(iq) : errorReply(iq, this.refuses));
      return undefined;
    });
  }

  /** The summaries since the last call. */
  take(): Record<string, string>[] {
    return this.told.splice(0).map((iq) => {
      const item = iq.child('pubsub', NS.pubsub)?.child('publish')?.child('item');
      const form = item?.child('notification', NS.push)?.child('x', NS.dataForms);
      return form === undefined
        ? {}
        : Object.fromEntries([...readForm(form).fields].map(([name, [value]]) => [name, value ?? '']));
    });
  }
}

/** A world with an app server, alice who writes, and phones of bob's. */
export async function setUp(settings: readonly string[] = ['push.content=body']) {
  const world = await createWorld({ settings });
  const app = new AppServer(world);
  const alice = await world.connect('alice@localhost/desk', { priority: 0 });
  const say = async (body = 'hello', to = 'bob@localhost') => {
    alice.send(xml('message', { to, type: 'chat', id: body }, xml('body', null, body)));
    await world.settle();
  };
  const wait = async (ms: number) => {
    world.clock.advance(ms);
    await world.settle();
  };
  /** A phone of bob's that has named its app server, and can be resumed. */
  const connectPhone = async (options: { imNg?: boolean; node?: string; sm?: boolean } = {}) => {
    const { imNg = true, node = 'token', sm = true } = options;
    const phone = await world.connect('bob@localhost/phone', imNg ? { imNg, priority: 0 } : { priority: 0 });
    await phone.ask('set', enable(node));
    const previd = sm ? await manage(world, phone) : '';
    return { phone, previd };
  };
  return { world, app, alice, say, wait, connectPhone };
}

/** Turns on stream management; gives the id to resume with. */
export async function manage(world: World, device: Device): Promise<string> {
  device.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
  await world.settle();
  return device.take().find(({ name }) => name === 'enabled')?.attrs['id'] ?? '';
}

export const enable = (node?: string, ...form: Element[]) =>
  xml('enable', { xmlns: NS.push, jid: SERVICE, node }, ...form);
export const disable = (node?: string) => xml('disable', { xmlns: NS.push, jid: SERVICE, node });
export const errorOf = (answer: Element) => answer.child('error')?.elements[0]?.name;
/** The first summary of a message of alice's. */
export const hello = { 'message-count': '1', 'last-message-sender': 'alice@localhost', 'last-message-body': 'hello' };
