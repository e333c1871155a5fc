import { type Element, JID, NS, writeForm, xml } from '@tutti/xmpp';
import { createMemoryState } from '../../packages/server/src/log/memory/state.ts';
import type { Store } from '../../packages/server/src/store/store.ts';
import { Chance } from '../world/chance.ts';
import { Disk } from '../world/disk.ts';
import type { Problem } from '../world/problem.ts';
import { Scheduler } from '../world/scheduler.ts';
import { ServerProcess } from '../world/server.ts';
import type { WorldStore } from '../world/store.ts';
import { capsElement, Life } from './life.ts';
import type { PepDeed, PepStory, Request } from './story.ts';

/** Items that each node keeps. */
export const MOST_ITEMS = 3;
const REST_MS = 3000;

/** A request and what became of it. */
export interface Deed {
  readonly key: string;
  readonly at: number;
  readonly life: Life;
  readonly deed: PepDeed;
}

/** People who are each other's contacts, with the nodes of their accounts, on the server's real core. */
export class PepWorld {
  readonly story: PepStory;
  readonly lives: Life[] = [];
  readonly deeds: Deed[] = [];
  readonly problems: Problem[] = [];
  readonly scheduler: Scheduler;
  readonly #server: ServerProcess;

  constructor(story: PepStory, store: WorldStore) {
    this.story = story;
    const chance = new Chance(story.seed).fork('pep world');
    this.scheduler = new Scheduler((error) => this.#report('exception', String((error as Error).stack ?? error)));
    this.#server = new ServerProcess({
      scheduler: this.scheduler,
      chance: chance.fork('server'),
      disk: new Disk(this.scheduler, chance.fork('disk')),
      state: createMemoryState(),
      store: failing(store.store, chance.fork('failures'), story.failures),
      settings: {
        outboxBytes: 262_144,
        smUnackedMax: 1000,
        smResumeTimeout: 600,
        mamPageMax: 50,
        policy: 'everything',
      },
      accounts: accountsOf(story),
      recorder: { appended: () => undefined, settled: () => {} },
      watcher: {
        bound() {},
        ended() {},
        blockChanged() {},
        forwarded() {},
        complained: (message, fields) => {
          const text = `${message} ${JSON.stringify(fields)}`;
          if (!text.includes(FAILURE)) this.#report('log', text);
        },
      },
    });
  }

  async play(): Promise<void> {
    const { scheduler, story } = this;
    for (const device of story.devices) if (device.endsWith('/phone')) await this.#come(device);
    await scheduler.run(100);
    await this.#befriendAll();
    for (const device of story.devices) if (!device.endsWith('/phone')) await this.#come(device);
    await scheduler.run(900);
    for (const { id, at, deeds } of story.steps)
      scheduler.after(at, () =>
        deeds.forEach(({ device, ...deed }, index) => this.#act(`${id}-${index}`, device, deed)),
      );
    await scheduler.run((story.steps.at(-1)?.at ?? 0) + REST_MS);
  }

  end(): void {
    this.#server.kill(false);
  }

  /** What a device was answered. */
  answerTo({ key, life }: Deed): Element | undefined {
    return life.received.find(({ stanza }) => stanza.name === 'iq' && stanza.attrs['id'] === key)?.stanza;
  }

  /** The newest life of the first device of an account: it is there all the time. */
  witness(account: string): Life {
    const life = this.lives.find(({ device }) => device === `${account}/phone`);
    if (life === undefined) throw new Error(`no phone of ${account}`);
    return life;
  }

  /** Asks in the name of a life, at the end. */
  async ask(life: Life, payload: Element): Promise<Element> {
    const id = `ask-${life.received.length}`;
    life.send(xml('iq', { type: 'get', id }, payload));
    await this.scheduler.run(100);
    const answer = life.received.find(({ stanza }) => stanza.attrs['id'] === id)?.stanza;
    if (answer === undefined) throw new Error(`no answer to ${payload.toString()}`);
    return answer;
  }

  #act(key: string, device: string, deed: PepDeed): void {
    const life = this.lives.findLast((one) => one.device === device && one.until === undefined);
    if (deed.do === 'come') {
      if (life === undefined) void this.#come(device);
      return;
    }
    // Who comes in this moment can't speak yet.
    if (life?.session === undefined) return;
    if (deed.do === 'go') {
      life.session.disconnected(life, true);
      return life.end();
    }
    this.deeds.push({ key, at: this.scheduler.elapsed, life, deed });
    life.send(xml('iq', { type: 'set', id: key }, payloadOf(deed, key)));
  }

  async #come(device: string): Promise<void> {
    const life = new Life(device, () => this.scheduler.elapsed);
    this.lives.push(life);
    const jid = JID.parse(device);
    const { session } = await this.#server.host.bind(
      { account: jid.bare, mechanism: 'SIM' },
      { resource: jid.resource },
      life,
    );
    life.session = session;
    life.send(xml('presence', null, capsElement()));
  }

  async #befriendAll(): Promise<void> {
    const phones = [...this.lives];
    for (const one of phones)
      for (const other of phones)
        if (one !== other) one.send(xml('presence', { type: 'subscribe', to: other.account }));
    await this.scheduler.run(100);
    for (const one of phones)
      for (const other of phones)
        if (one !== other) one.send(xml('presence', { type: 'subscribed', to: other.account }));
    await this.scheduler.run(100);
  }

  #report(check: string, text: string): void {
    this.problems.push({ check, text });
  }
}

export function accountsOf({ devices }: PepStory): string[] {
  return [...new Set(devices.map((device) => device.split('/')[0] ?? ''))];
}

const FAILURE = 'the simulated database has failed';

/** The database, but now and then it does not write an item. */
function failing(store: Store, chance: Chance, probability: number): Store {
  if (probability === 0) return store;
  const db = store.db.withPlugin({
    transformQuery({ node }) {
      const isItem = node.kind === 'InsertQueryNode' && JSON.stringify(node.into ?? '').includes('pubsub_item');
      if (isItem && chance.happens(probability)) throw new Error(FAILURE);
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  });
  return { ...store, db };
}

function payloadOf(deed: Request, key: string): Element {
  switch (deed.do) {
    case 'publish': {
      const options = writeForm('submit', NS.pubsubPublishOptions, [{ var: 'pubsub#max_items', value: MOST_ITEMS }]);
      const item = xml('item', { id: deed.id }, xml('said', { xmlns: 'urn:test' }, key));
      return pubsub(xml('publish', { node: deed.node }, item), xml('publish-options', null, options));
    }
    case 'retract':
      return pubsub(xml('retract', { node: deed.node, notify: 'true' }, xml('item', { id: deed.id })));
    case 'purge':
    case 'delete':
      return owner(xml(deed.do, { node: deed.node }));
    case 'access': {
      const form = writeForm('submit', NS.pubsubNodeConfig, [{ var: 'pubsub#access_model', value: deed.model }]);
      return owner(xml('configure', { node: deed.node }, form));
    }
    case 'block':
    case 'unblock':
      return xml(deed.do, { xmlns: NS.blocking }, xml('item', { jid: deed.whom }));
    case 'bookmark': {
      const conference = xml('conference', { xmlns: NS.bookmarks }, xml('nick', null, key));
      return pubsub(xml('publish', { node: NS.bookmarks }, xml('item', { id: deed.id }, conference)));
    }
    case 'unbookmark':
      return pubsub(xml('retract', { node: NS.bookmarks, notify: 'true' }, xml('item', { id: deed.id })));
    case 'list': {
      const rooms = deed.ids.map((jid) => xml('conference', { jid }, xml('nick', null, key)));
      return xml('query', { xmlns: NS.privateXml }, xml('storage', { xmlns: NS.bookmarksStorage }, ...rooms));
    }
  }
}

function pubsub(...children: Element[]): Element {
  return xml('pubsub', { xmlns: NS.pubsub }, ...children);
}

function owner(child: Element): Element {
  return xml('pubsub', { xmlns: NS.pubsubOwner }, child);
}
