import { NS } from '@tutti/xmpp';
import type { World } from '../world/world.ts';
import type { Report } from './check.ts';

/** K5, XEP-0313 §4.2: the end of a page comes behind the messages of the page. */
export function checkPages(world: World, report: Report): void {
  const given = new Map<number, Set<string>>();
  for (const { element, copy, session } of world.recorder.writes) {
    const results = given.get(session.number) ?? new Set();
    given.set(session.number, results);
    if (copy?.form === 'result' && copy.id !== undefined) results.add(copy.id);
    const fin = element.name === 'iq' ? element.child('fin', NS.mam) : undefined;
    const last = fin?.child('set', NS.rsm)?.child('last')?.text();
    if (last === undefined) continue;
    if (!results.has(last))
      report('K5', `${session.jid} (${session.number}) was told the end of a page before its last message ${last}`);
  }
}
