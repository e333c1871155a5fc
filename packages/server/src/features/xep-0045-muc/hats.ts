import { type DataForm, type Element, JID, NS, readForm, readSingle, StanzaError, writeForm, xml } from '@tutti/xmpp';
import { checkPeople } from './affiliations.ts';
import { type Change, type Circumstances, type Decision, existing, type Out, statuses } from './decision.ts';
import { tellPresence } from './presence.ts';
import { isAdmin } from './privileges.ts';
import { refusal } from './refusal.ts';
import { affiliationOf, type Hat, type Person, personOf, type Room, withPeople, withPerson } from './room.ts';
import { toAll } from './speak.ts';

const PREFIX = `${NS.hats}:commands`;

/** XEP-0317 §3: the commands, and what they are called. */
export const HAT_COMMANDS: ReadonlyMap<string, string> = new Map([
  [`${PREFIX}:create`, 'Create or change a hat'],
  [`${PREFIX}:destroy`, 'Destroy a hat'],
  [`${PREFIX}:list`, 'List the hats'],
  [`${PREFIX}:assign`, 'Assign a hat'],
  [`${PREFIX}:unassign`, 'Remove a hat'],
  [`${PREFIX}:list-assigned`, 'List who wears which hat'],
]);

/** XEP-0317 §3, XEP-0050: a command; without a form it gives the form, or the list. */
export function commandHats(found: Room | undefined, from: JID, command: Element, here: Circumstances): Decision {
  const room = existing(found);
  const { node = '', action } = command.attrs;
  if (!HAT_COMMANDS.has(node)) throw new StanzaError('item-not-found');
  const done = (rest: Element | undefined, status = 'completed'): Element =>
    xml('command', { xmlns: NS.commands, node, status, sessionid: command.attrs['sessionid'] ?? here.newId() }, rest);
  if (node === `${PREFIX}:list`) return { room, out: [], answer: done(writeHatList(room)) };
  if (!isAdmin({ affiliation: affiliationOf(room, from) })) throw refusal(room, 'forbidden');
  if (node === `${PREFIX}:list-assigned`) return { room, out: [], answer: done(writeAssigned(room)) };
  if (action === 'cancel') return { room, out: [], answer: done(undefined, 'canceled') };
  const x = command.child('x', NS.dataForms);
  if (x === undefined) return { room, out: [], answer: done(writeCommandForm(room, node), 'executing') };
  const form = readForm(x);
  if (form.type !== 'submit' || (form.formType !== undefined && form.formType !== PREFIX))
    throw new StanzaError('bad-request');
  return { ...run(room, node, form, here), answer: done(undefined) };
}

function run(room: Room, node: string, form: DataForm, { limits }: Circumstances): Decision {
  const uri = required(form, 'hats#uri');
  const hat = room.hats.get(uri);
  if (node === `${PREFIX}:create`) {
    if (hat === undefined && limits.hats > 0 && room.hats.size >= limits.hats)
      throw refusal(room, 'resource-constraint');
    const made: Hat = { uri, title: required(form, 'hats#title'), hue: readSingle(form, 'hats#hue') || undefined };
    const size = new TextEncoder().encode(made.uri + made.title + (made.hue ?? '')).length;
    if (limits.textBytes > 0 && size > limits.textBytes) throw new StanzaError('not-acceptable');
    return changed(room, { ...room, hats: new Map(room.hats).set(uri, made) });
  }
  if (hat === undefined) throw new StanzaError('item-not-found', { text: 'There is no such hat.' });
  if (node === `${PREFIX}:destroy`) {
    const hats = new Map(room.hats);
    hats.delete(uri);
    const bared = [...room.people]
      .filter(([, person]) => person.hats.includes(uri))
      .map(([jid, person]) => [jid, { ...person, hats: person.hats.filter((one) => one !== uri) }] as const);
    return changed(room, withPeople({ ...room, hats }, bared));
  }
  const jid = JID.tryParse(required(form, 'hats#jid'));
  if (jid === undefined) throw new StanzaError('jid-malformed');
  const user = jid.bare.toString();
  const known: Person = room.people.get(user) ?? { affiliation: 'none', nick: undefined, reason: undefined, hats: [] };
  const others = known.hats.filter((one) => one !== uri);
  const hats = node === `${PREFIX}:assign` ? [...others, uri] : others;
  const after = withPerson(room, user, { ...known, hats });
  checkPeople(room, after, limits.affiliations);
  return changed(room, after);
}

/** What is stored, and who is told: everybody of the hats that have changed (§3.1), and that something has (104). */
function changed(before: Room, after: Room): Decision {
  const worn = (room: Room, user: JID): string =>
    JSON.stringify((personOf(room, user)?.hats ?? []).map((uri) => room.hats.get(uri)));
  const out: Out[] = [...after.occupants.values()]
    .filter(({ user }) => worn(before, user) !== worn(after, user))
    .flatMap((occupant) => tellPresence(after, occupant, {}));
  if (before.hats !== after.hats) {
    const x = xml('x', { xmlns: NS.mucUser }, ...statuses([104]));
    out.push(...toAll(after, xml('message', { type: 'groupchat', from: after.jid.toString() }, x)));
  }
  const people = [...new Set([...before.people.keys(), ...after.people.keys()])]
    .filter((jid) => before.people.get(jid) !== after.people.get(jid))
    .map((jid): Change => ({ kind: 'person', jid, person: after.people.get(jid) }));
  return { room: after, out, save: [{ kind: 'room', room: after }, ...people] };
}

function writeCommandForm(room: Room, node: string): Element {
  const uri = { var: 'hats#uri', required: true } as const;
  const options = [...room.hats.values()].map((hat) => [hat.uri, hat.title] as const);
  const jid = { var: 'hats#jid', type: 'jid-single', label: 'User', required: true } as const;
  const list = { ...uri, type: 'list-single', label: 'Hat', options } as const;
  const create = [
    { var: 'hats#title', type: 'text-single', label: 'Title', required: true },
    { ...uri, type: 'text-single', label: 'URI' },
    { var: 'hats#hue', type: 'text-single', label: 'Hue' },
  ] as const;
  const fields = node === `${PREFIX}:create` ? create : node === `${PREFIX}:destroy` ? [list] : [jid, list];
  return writeForm('form', PREFIX, fields, { title: HAT_COMMANDS.get(node) ?? '' });
}

function writeHatList(room: Room): Element {
  return writeTable(
    ['hats#title', 'hats#uri', 'hats#hue'],
    [...room.hats.values()].map(({ title, uri, hue }) => [title, uri, hue ?? '']),
  );
}

function writeAssigned(room: Room): Element {
  const rows = [...room.people].flatMap(([jid, { hats }]) =>
    hats.flatMap((uri) => {
      const hat = room.hats.get(uri);
      return hat === undefined ? [] : [[jid, uri, hat.title, hat.hue ?? '']];
    }),
  );
  return writeTable(['hats#jid', 'hats#uri', 'hats#title', 'hats#hue'], rows);
}

function writeTable(columns: readonly string[], rows: readonly (readonly string[])[]): Element {
  return xml(
    'x',
    { xmlns: NS.dataForms, type: 'result' },
    xml('reported', null, ...columns.map((name) => xml('field', { var: name }))),
    ...rows.map((row) =>
      xml('item', null, ...columns.map((name, i) => xml('field', { var: name }, xml('value', null, row[i] ?? '')))),
    ),
  );
}

function required(form: DataForm, name: string): string {
  const value = readSingle(form, name);
  if (value === undefined || value === '') throw new StanzaError('bad-request', { text: `'${name}' is missing.` });
  return value;
}
