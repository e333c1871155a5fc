import { derivedRow, sceneTests } from '../rows/table.ts';
import { type Row, sketch, splitAddress } from '../rows/row.ts';
import { section } from '../suite.ts';
import { type NamedWorld, TYPES, WORLDS } from './worlds.ts';

/** Every kind of sender × form of address × type × marker, in every kind of world. */
export default section(
  'xep-0409',
  '4',
  'Business rules: every combination',
  { stands: ['plan', 'tcp', 'ws'], needs: ['im-ng'] },
  ({ add }) => {
    for (const named of WORLDS) {
      const rows = [...combine(named)];
      add(sceneTests(named.name, { world: named.world, facts: named.facts, rows }));
    }
  },
);

function* combine({ name, world, facts }: NamedWorld): Generator<Row> {
  for (const to of addresses(world)) {
    for (const type of TYPES) {
      for (const marker of [false, true]) {
        const address = to === '' ? 'nobody named' : to;
        const title = `${ruleIds(to, type, marker, name)} §4 ${name}: to ${address}`;
        for (const from of senders(world['alice'] ?? ''))
          yield derivedRow(title, world, facts, { from, to, type, marker });
      }
    }
  }
}

/** One IM-NG and one legacy session, as far as there are both. */
function senders(sessions: string): string[] {
  const list = sketch({ alice: sessions }, 'alice')?.sessions ?? [];
  const some = [list.find((session) => session.imNg), list.find((session) => !session.imNg)];
  return some.flatMap((session) => (session === undefined ? [] : [`alice.${session.name}`]));
}

function addresses(world: NamedWorld['world']): string[] {
  const bob = (sketch(world, 'bob')?.sessions ?? []).map(({ name }) => `bob/${name}`);
  const alice = (sketch(world, 'alice')?.sessions ?? []).slice(0, 4).map(({ name }) => `alice/${name}`);
  const strangers = ['nobody', 'nobody/phone', 'remote', 'remote/phone', 'service', 'service/somewhere'];
  return ['', 'bob', ...bob, 'bob/gone', 'alice', ...alice, 'alice/gone', ...strangers];
}

/** The rules that such a message is an example of. */
function ruleIds(to: string, type: string | undefined, marker: boolean, world: string): string {
  const { resource } = splitAddress(to);
  const error = type === 'error';
  const single = type === 'groupchat' || type === 'headline';
  const ids = to === '' ? ['C7'] : [];
  if (resource === '') ids.push(error ? 'C2' : 'C1');
  else if (marker) ids.push('C3');
  else ids.push(error ? 'C4' : single ? 'C6' : 'C5');
  if (resource !== '' && (marker || single)) ids.push('I5');
  if (world.endsWith('never archives')) ids.push('A8');
  if (world.includes('blocks')) ids.push('D4');
  return ids.join(' ');
}
