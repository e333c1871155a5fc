import { type Element, NS, xml } from '@tutti/xmpp';
import type { Device } from './device.ts';
import { createWorld, type World, type WorldOptions } from './world.ts';

export const ALICE = 'alice@localhost';
export const BOB = 'bob@localhost';
export const HOUR = 60 * 60 * 1000;

/** A chat message whose id is its body. */
export const chat = (to: string, body: string): Element =>
  xml('message', { to, type: 'chat', id: body }, xml('body', null, body));
/** A chat state: a transient row (A7). */
export const typing = (to: string): Element =>
  xml('message', { to, type: 'chat' }, xml('composing', { xmlns: NS.chatStates }));

/** The fields of a query's form. */
export type Fields = Readonly<Record<string, string | readonly string[]>>;
/** XEP-0059. */
export interface Page {
  readonly max?: number | string;
  readonly before?: string;
  readonly after?: string;
}

/** A submitted form. */
export function form(fields: Fields, type = 'submit', formType: string = NS.mam): Element {
  const all = { FORM_TYPE: formType, ...fields };
  const written = Object.entries(all).map(([name, values]) =>
    xml('field', { var: name }, ...[values].flat().map((value) => xml('value', null, value))),
  );
  return xml('x', { xmlns: NS.dataForms, type }, ...written);
}

export function rsm({ max, before, after }: Page): Element {
  return xml(
    'set',
    { xmlns: NS.rsm },
    max !== undefined && xml('max', null, String(max)),
    before !== undefined && xml('before', null, before),
    after !== undefined && xml('after', null, after),
  );
}

/** XEP-0313 §4: a query with the id `q1`. */
export function queryOf(fields?: Fields, page?: Page, flip = false): Element {
  return xml(
    'query',
    { xmlns: NS.mam, queryid: 'q1' },
    fields && form(fields),
    page && rsm(page),
    flip && xml('flip-page'),
  );
}

/** A page, or the condition of the error. */
export interface Answer {
  readonly results: readonly Element[];
  readonly ids: readonly (string | undefined)[];
  readonly bodies: readonly (string | undefined)[];
  readonly first: string | undefined;
  readonly index: string | undefined;
  readonly last: string | undefined;
  readonly count: string | undefined;
  readonly complete: boolean;
  readonly error: string | undefined;
}

/** The message in a result. */
export const archivedOf = (result: Element): Element | undefined =>
  result.child('result', NS.mam)?.child('forwarded', NS.forward)?.child('message', NS.client);

/** The device asks for a page; the results that came before the answer. */
export async function read(device: Device, query: Element, to?: string): Promise<Answer> {
  device.take();
  const answer = await device.ask('set', query, to);
  const results = device.takeMessages().filter((message) => message.child('result', NS.mam) !== undefined);
  const fin = answer.child('fin', NS.mam);
  const set = fin?.child('set', NS.rsm);
  return {
    results,
    ids: results.map((result) => result.child('result', NS.mam)?.attrs['id']),
    bodies: results.map((result) => archivedOf(result)?.child('body')?.text()),
    first: set?.child('first')?.text(),
    index: set?.child('first')?.attrs['index'],
    last: set?.child('last')?.text(),
    count: set?.child('count')?.text(),
    complete: fin?.attrs['complete'] === 'true',
    error: answer.child('error')?.elements[0]?.name,
  };
}

/** Bob has said 1, 2, 3 … to Alice, a minute apart; Alice has a device. */
export async function archiveOf(
  count: number,
  options: WorldOptions = {},
): Promise<{ world: World; alice: Device; bob: Device }> {
  const world = await createWorld(options);
  const alice = await world.connect(`${ALICE}/phone`);
  const bob = await world.connect(`${BOB}/phone`);
  for (let n = 1; n <= count; n += 1) {
    bob.send(chat(ALICE, String(n)));
    await world.settle();
    world.clock.advance(60_000);
  }
  return { world, alice, bob };
}
