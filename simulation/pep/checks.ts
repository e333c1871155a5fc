import { type Element, NS, xml } from '@tutti/xmpp';
import type { Problem } from '../world/problem.ts';
import type { Life } from './life.ts';
import { NODES } from './story.ts';
import { accountsOf, type Deed, MOST_ITEMS, type PepWorld } from './world.ts';

type Report = (check: string, text: string) => void;
type Items = readonly (readonly [id: string, said: string])[];

/** Time within which everything is done, in ms. */
const SOON = 500;

/** What must hold when a world has come to rest. */
export async function checkPep(world: PepWorld): Promise<Problem[]> {
  const problems = [...world.problems];
  const report: Report = (check, text) => void problems.push({ check, text });
  for (const account of accountsOf(world.story)) {
    const witness = world.witness(account);
    for (const node of NODES) {
      await checkReplay(world, account, node, MOST_ITEMS, report);
      for (const life of world.lives) if (life !== witness) checkOrder(life, witness, account, node, report);
    }
    await checkReplay(world, account, NS.bookmarks, Infinity, report);
    await checkBookmarks(world, account, report);
  }
  for (const deed of world.deeds) if (deed.deed.do === 'publish') checkPublished(world, deed, report);
  return problems;
}

/** What the owner's phone was told, one event after the other, is what the node has; also where the database has failed in between. */
async function checkReplay(
  world: PepWorld,
  account: string,
  node: string,
  most: number,
  report: Report,
): Promise<void> {
  const witness = world.witness(account);
  const items = new Map<string, string>();
  for (const event of eventsOf(witness, account, node)) {
    if (event.name !== 'items') items.clear();
    for (const change of event.name === 'items' ? event.elements : []) {
      const { id = '' } = change.attrs;
      items.delete(id);
      if (change.name === 'item') items.set(id, saidIn(change));
      while (items.size > most) items.delete([...items.keys()][0] ?? '');
    }
  }
  const kept = await itemsOf(world, witness, node);
  const told = [...items];
  if (JSON.stringify(told) !== JSON.stringify(kept))
    report('replay', `${account} ${node}: told ${JSON.stringify(told)}, kept ${JSON.stringify(kept)}`);
}

/** Nobody is told anything twice, or in another order than the owner. */
function checkOrder(life: Life, witness: Life, account: string, node: string, report: Report): void {
  const reference = eventsOf(witness, account, node).map(String);
  let at = -1;
  for (const event of eventsOf(life, account, node).map(String)) {
    const next = reference.indexOf(event, at + 1);
    if (next === -1) return report('order', `${life.device} is told ${event} of ${account} twice or out of turn`);
    at = next;
  }
}

/** XEP-0163 §4: a publication reaches everybody who may have it, once, and nobody else. Not asked where access has just changed, or devices. */
function checkPublished(world: PepWorld, deed: Deed, report: Report): void {
  const { life, at, key } = deed;
  const { node = '' } = deed.deed as { readonly node?: string };
  // Who has left in the same moment knows of no answer.
  const answer = world.answerTo(deed)?.attrs['type'];
  const { account } = life;
  const isNear = (other: Deed): boolean => other !== deed && Math.abs(other.at - at) < SOON;
  const matters = world.deeds.some(
    (other) => isNear(other) && ['access', 'delete', 'block', 'unblock'].includes(other.deed.do),
  );
  for (const other of world.lives) {
    const got = messagesOf(other, account, node).filter(({ stanza }) => stanza.toString().includes(`>${key}<`));
    const live = got.filter(({ stanza }) => stanza.child('delay', NS.delay) === undefined).length;
    if (answer === 'error' && got.length > 0) report('commit', `${other.device} is told ${key}, which was not kept`);
    if (live > 1) report('once', `${other.device} is told ${key} ${live} times`);
    if (matters || answer !== 'result') continue;
    const isThere = other.from < at - SOON && (other.until === undefined || other.until > at + SOON);
    const may =
      other.account === account ||
      (accessTo(world, account, node, at) && !areBlocked(world, account, other.account, at));
    if (isThere && may && live !== 1) report('reach', `${other.device} is not told ${key} of ${account}`);
    if (!may && live !== 0) report('access', `${other.device} is told ${key} of ${account}`);
  }
}

/** As far as anybody knows: who has left in the same moment has had no answer. */
function isDone(world: PepWorld, deed: Deed): boolean {
  return world.answerTo(deed)?.attrs['type'] !== 'error';
}

/** Contacts may read the node at that moment. */
function accessTo(world: PepWorld, account: string, node: string, at: number): boolean {
  let model = 'presence';
  for (const one of world.deeds) {
    if (one.at >= at || one.life.account !== account || !isDone(world, one)) continue;
    const { deed } = one;
    if (deed.do === 'access' && deed.node === node) model = deed.model;
    else if (deed.do === 'delete' && deed.node === node) model = 'presence';
  }
  return model !== 'whitelist';
}

function areBlocked(world: PepWorld, one: string, other: string, at: number): boolean {
  const blocks = (who: string, whom: string): boolean => {
    const last = world.deeds.findLast(
      (deed) =>
        deed.at < at &&
        deed.life.account === who &&
        'whom' in deed.deed &&
        deed.deed.whom === whom &&
        isDone(world, deed),
    );
    return last?.deed.do === 'block';
  };
  return blocks(one, other) || blocks(other, one);
}

/** XEP-0402 §6.3, XEP-0411: the three forms say the same. */
async function checkBookmarks(world: PepWorld, account: string, report: Report): Promise<void> {
  const witness = world.witness(account);
  const items = (await itemsOf(world, witness, NS.bookmarks)).map(([id, said]) => `${id} ${said}`).toSorted();
  const query = xml('query', { xmlns: NS.privateXml }, xml('storage', { xmlns: NS.bookmarksStorage }));
  const list = (await world.ask(witness, query)).child('query', NS.privateXml)?.elements[0];
  const published = (await world.ask(witness, itemsQuery(NS.bookmarksStorage))).child('pubsub', NS.pubsub);
  const storage = published?.child('items')?.child('item')?.elements[0];
  for (const form of [list, storage]) {
    const rooms = (form?.elements ?? []).map((room) => `${room.attrs['jid']} ${room.child('nick')?.text()}`).toSorted();
    if (JSON.stringify(rooms) !== JSON.stringify(items))
      report('bookmarks', `${account}: ${JSON.stringify(items)} and ${JSON.stringify(rooms)}`);
  }
}

async function itemsOf(world: PepWorld, life: Life, node: string): Promise<Items> {
  const answer = await world.ask(life, itemsQuery(node));
  const items = answer.child('pubsub', NS.pubsub)?.child('items')?.childrenNamed('item') ?? [];
  return items.map((item) => [item.attrs['id'] ?? '', saidIn(item)]);
}

function itemsQuery(node: string): Element {
  return xml('pubsub', { xmlns: NS.pubsub }, xml('items', { node }));
}

function saidIn(item: Element): string {
  const [payload] = item.elements;
  return payload?.child('nick')?.text() ?? payload?.text() ?? '';
}

function messagesOf(life: Life, account: string, node: string): Life['received'] {
  return life.received.filter(({ stanza }) => {
    const content = stanza.name === 'message' ? stanza.child('event', NS.pubsubEvent)?.elements[0] : undefined;
    return stanza.attrs['from'] === account && content?.attrs['node'] === node;
  });
}

/** What happened at a node, as a device was told when it happened. */
function eventsOf(life: Life, account: string, node: string): Element[] {
  return messagesOf(life, account, node)
    .filter(({ stanza }) => stanza.child('delay', NS.delay) === undefined)
    .flatMap(({ stanza }) => stanza.child('event', NS.pubsubEvent)?.elements ?? []);
}
