import { type Element, NS, xml } from '@tutti/xmpp';
import type { ArchivedMessage } from '../client/archive.ts';
import type { Device } from '../client/device.ts';
import { bareOf } from '../client/login.ts';
import { check } from '../failure.ts';
import type { Person, Stage } from '../stage.ts';
import { compareForms, compareRows, isOpen } from './compare.ts';
import { composeMessage } from './compose.ts';
import { checkForm, checkSameAsArchived, type Original, type Receiver, recognizeForm, stanzaIdOf } from './forms.ts';
import { hasFact, type Row, type Scene, sketch, splitAddress, splitDevice } from './row.ts';

/** How long bounces from elsewhere may take, in milliseconds. */
const BOUNCE_PATIENCE = 5000;

/** What became of the rows of a scene. */
export interface Performance {
  /** Throws unless the row went as expected. */
  judge(row: Row): void;
  /** Throws unless every IM-NG session received its archive's rows in the archive's order, and nobody got what no row sent (I1). */
  judgeWhole(): void;
}

interface Part {
  readonly id: string;
  readonly original: Original;
}

/**
 * Plays all rows of a scene on the wire: sends everything at once, waits until everything has arrived, reads the archives. Rows are told
 * apart by the ids of their messages, so each is judged by itself; that they cross each other makes the test harder, not easier.
 */
export async function playScene(stage: Stage, scene: Scene): Promise<Performance> {
  const cast: Readonly<Record<string, Person>> = await stage.cast(scene.world);
  await establish(stage, scene, cast);
  const parts = new Map<Row, Part>();
  for (const [index, row] of scene.rows.entries()) {
    const device = findDevice(cast, row.send.from);
    const id = `row-${index}`;
    const stanza = composeMessage(row.send, addressOf(stage, cast, row.send.to), id);
    parts.set(row, { id, original: originalOf(row, stanza, device) });
    device.send(stanza);
  }
  const seen = await collect(stage, scene, cast);
  const archives = new Map<string, readonly ArchivedMessage[]>();
  for (const person of Object.values(cast)) archives.set(person.name, await readArchive(person));
  return judgeOf(scene, parts, seen, archives);
}

function judgeOf(
  scene: Scene,
  parts: ReadonlyMap<Row, Part>,
  seen: ReadonlyMap<Device, readonly Element[]>,
  archives: ReadonlyMap<string, readonly ArchivedMessage[]>,
): Performance {
  const byId = new Map([...archives].map(([who, rows]) => [who, new Map(rows.map((row) => [row.id, row]))] as const));
  const receiverOf = (device: Device, row: Row | undefined): Receiver => {
    const { who } = splitDevice(device.name);
    const open = row !== undefined && isOpen(row.expect) && !hasFact(scene.facts, `${who} never archives`);
    return {
      name: device.name,
      jid: device.jid,
      archive: byId.get(who) ?? new Map(),
      archived: row !== undefined && (row.expect.rows[who] ?? 0) > 0,
      open,
    };
  };
  const isImNg = (device: Device): boolean => {
    const { who, session } = splitDevice(device.name);
    return sketch(scene.world, who)?.sessions.some((one) => one.name === session && one.imNg) === true;
  };
  return {
    judge(row) {
      const part = parts.get(row);
      check(part !== undefined, 'the row was not played');
      const forms: Record<string, string[]> = {};
      const details: (() => void)[] = [];
      for (const [device, stanzas] of seen) {
        for (const stanza of stanzas.filter((one) => idOf(one) === part.id)) {
          const receiver = receiverOf(device, row);
          const form = recognizeForm(stanza, part.original, receiver, isImNg(device));
          (forms[device.name] ??= []).push(form);
          details.push(() => checkForm(form, stanza, part.original, receiver));
          if (isImNg(device)) details.push(() => checkSameAsArchived(stanza, receiver));
        }
      }
      compareForms(row.expect, forms);
      const rows: Record<string, number> = {};
      for (const [who, list] of archives)
        rows[who] = list.filter(({ stanza }) => stanza.attrs['id'] === part.id).length;
      compareRows(row.expect, rows);
      for (const detail of details) detail();
    },
    judgeWhole() {
      const ids = new Set([...parts.values()].map(({ id }) => id));
      for (const [device, stanzas] of seen) {
        const extra = stanzas.find((stanza) => !ids.has(idOf(stanza) ?? ''));
        check(extra === undefined, `${device.name} got what nobody sent: ${extra?.toString(NS.client)}`);
        if (!isImNg(device)) continue;
        const live = stanzas.flatMap((stanza) => stanzaIdOf(stanza, device.jid) ?? []);
        const stored = (archives.get(splitDevice(device.name).who) ?? []).map(({ id }) => id);
        const first = stored.findIndex((id, index) => live[index] !== id);
        const ordered = first === -1 && live.length === stored.length;
        check(
          ordered,
          `${device.name} received ${live.length} of ${stored.length} rows live; the first difference is at row ${first}`,
        );
      }
    },
  };
}

async function establish(stage: Stage, scene: Scene, cast: Readonly<Record<string, Person>>): Promise<void> {
  for (const fact of scene.facts) {
    const [who = '', verb, whom = ''] = fact.split(' ');
    const person = cast[who];
    check(person !== undefined, `nobody is called ${who}`);
    const device = await stage.join(who, person.account, 'setup=legacy,silent');
    if (verb === 'blocks') await stage.block(device, cast[whom]?.jid ?? whom);
    else await device.ask('set', xml('prefs', { xmlns: NS.mam, default: 'never' }, xml('always'), xml('never')));
    await stage.leave(device);
  }
  if (scene.facts.length > 0) await stage.settle();
}

/** Everything that the devices received because of the rows, in order; hibernated sessions are resumed for it. */
async function collect(
  stage: Stage,
  scene: Scene,
  cast: Readonly<Record<string, Person>>,
): Promise<Map<Device, Element[]>> {
  const senders = new Set(scene.rows.map((row) => findDevice(cast, row.send.from)));
  await Promise.all([...senders].map((device) => device.fence()));
  const deadline = Date.now() + BOUNCE_PATIENCE;
  const bounces = scene.rows.filter((row) => row.expect.error === 'any' && !isOpen(row.expect));
  for (const row of bounces) {
    const device = findDevice(cast, row.send.from);
    const id = `row-${scene.rows.indexOf(row)}`;
    await device
      .receive((stanza) => stanza.attrs['id'] === id && stanza.attrs['type'] === 'error', deadline - Date.now())
      .catch(() => {});
  }
  for (const device of stage.devices) {
    if (!device.wire.closed || device.sm === undefined) continue;
    await device.resume();
    // What it missed may come from the archive, and an answer to a ping before that.
    await device.until(() => false, 300);
  }
  const news = await stage.news();
  return new Map([...news].map(([device, stanzas]) => [device, stanzas]));
}

/** Read by a session that comes for it, so that an account without sessions stays without during the rows. */
async function readArchive(person: Person): Promise<readonly ArchivedMessage[]> {
  const [first] = person.devices;
  const device = first ?? (await person.join('reader=legacy,silent'));
  return (await device.archive()).rows;
}

function originalOf(row: Row, stanza: Element, device: Device): Original {
  const { resource } = splitAddress(row.send.to);
  const { type } = row.send;
  const exclusive = resource !== '' && row.send.marker === true;
  const one = exclusive || (resource !== '' && (type === 'groupchat' || type === 'headline'));
  const target = stanza.attrs['to'] === undefined ? device.bare : bareOf(stanza.attrs['to']);
  return { stanza, from: device.jid, target, bareCopies: !one, exclusive, error: row.expect.error };
}

function findDevice(cast: Readonly<Record<string, Person>>, name: string): Device {
  const { who } = splitDevice(name);
  const device = cast[who]?.devices.find((one) => one.name === name);
  if (device === undefined) throw new Error(`no such device in the world: ${name}`);
  return device;
}

function addressOf(stage: Stage, cast: Readonly<Record<string, Person>>, to: string): string | undefined {
  if (to === '') return undefined;
  const { who, resource } = splitAddress(to);
  const bare =
    who === 'service'
      ? stage.domain
      : who === 'remote'
        ? 'someone@remote.invalid'
        : (cast[who]?.jid ?? `nobody-of-that-name@${stage.domain}`);
  return resource === '' ? bare : `${bare}/${resource}`;
}

/** The id of a message, or of the message in a carbon. */
function idOf(stanza: Element): string | undefined {
  for (const kind of ['sent', 'received']) {
    const inner = stanza.child(kind, NS.carbons)?.child('forwarded', NS.forward)?.child('message', NS.client);
    if (inner !== undefined) return inner.attrs['id'];
  }
  return stanza.attrs['id'];
}
