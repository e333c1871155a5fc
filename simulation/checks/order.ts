import type { SessionRecord } from '../world/recorder.ts';
import type { World } from '../world/world.ts';
import type { Report } from './check.ts';
import type { Ledger } from './ledger.ts';

interface Shown {
  readonly key: string;
  readonly seq: number;
  readonly connection: number;
}

/** I1, E4: from its barrier on an IM-NG session is given, and its client gets, the rows of the archive: in order, no gap, none twice. */
export function checkOrder(world: World, ledger: Ledger, report: Report): void {
  const { recorder, state } = world;
  const numbers = new Map<string, Map<string, number>>();
  for (const [account, { rows }] of state.accounts) numbers.set(account, new Map(rows.map(({ id, seq }) => [id, seq])));
  const repeated = new Set(
    ledger.instances.filter(({ repeats }) => repeats).map(({ key, session }) => `${key} ${session?.number}`),
  );

  const written = Map.groupBy(recorder.writes, ({ session }) => session);
  for (const [session, writes] of written) {
    if (session.barrier === undefined) continue;
    const shown: Shown[] = [];
    let enabled = false;
    for (const { copy, element, connection } of writes) {
      // Rows that a legacy session was given before do not count: the first of the live ones comes after the answer to enable.
      enabled ||= element.name === 'iq' || element.name === 'bound';
      const seq =
        copy?.form === 'direct' && copy.id !== undefined ? numbers.get(session.account)?.get(copy.id) : undefined;
      if (enabled && copy !== undefined && seq !== undefined && seq > session.barrier)
        shown.push({ key: copy.key, seq, connection });
    }
    checkSequence(session, shown, repeated, true, report, 'was given');
  }
  for (const device of world.devices.values()) {
    for (const [number, receptions] of Map.groupBy(device.received, ({ session }) => session)) {
      const session = recorder.sessions[number - 1];
      if (session?.barrier === undefined) continue;
      const { barrier } = session;
      const shown = receptions.flatMap(({ copy, connection, imNg }) => {
        const seq =
          imNg && copy.form === 'direct' && copy.id !== undefined
            ? numbers.get(session.account)?.get(copy.id)
            : undefined;
        if (seq === undefined) return [];
        if (seq <= barrier && !repeated.has(`${copy.key} ${number}`))
          report('E4', `${device.jid} (${number}) has got row ${seq} live, its barrier is ${barrier}`);
        return seq > barrier ? [{ key: copy.key, seq, connection }] : [];
      });
      checkSequence(session, shown, repeated, false, report, 'has got');
    }
  }
  checkBarriers(world, numbers, report);
}

/** `again`: after a resumption rows may come once more. */
function checkSequence(
  session: SessionRecord,
  shown: readonly Shown[],
  repeated: ReadonlySet<string>,
  again: boolean,
  report: Report,
  verb: string,
): void {
  let max = session.barrier as number;
  let next = max + 1;
  let connection = shown[0]?.connection;
  let fresh = false;
  for (const { key, seq, connection: current } of shown) {
    fresh ||= again && current !== connection;
    connection = current;
    const isRepeated = seq <= max && repeated.has(`${key} ${session.number}`);
    if (seq === next || (fresh && seq <= max + 1 && !isRepeated)) {
      next = seq + 1;
      max = Math.max(max, seq);
      fresh = false;
    } else if (seq > max || !repeated.has(`${key} ${session.number}`)) {
      return report('I1', `${session.jid} (${session.number}) ${verb} row ${seq} (${key}) where row ${next} was due`);
    }
  }
}

/** E5: what Bind 2 tells of the archive is what lies behind the barrier. */
function checkBarriers(world: World, numbers: ReadonlyMap<string, ReadonlyMap<string, number>>, report: Report): void {
  for (const { element, session } of world.recorder.writes) {
    if (element.name !== 'bound' || session.barrier === undefined) continue;
    const metadata = element.elements.find(({ name }) => name === 'metadata');
    if (metadata === undefined) continue;
    const id = metadata.child('end')?.attrs['id'];
    const end = id === undefined ? 0 : numbers.get(session.account)?.get(id);
    // Enabled later than in Bind 2, the barrier lies behind.
    if (end === undefined || end > session.barrier)
      report(
        'E5',
        `${session.jid} (${session.number}) is told that the archive ends at ${end}, its barrier is ${session.barrier}`,
      );
  }
}
