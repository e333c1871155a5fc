import { NS } from '@tutti/xmpp';
import type { World } from '../world/world.ts';
import type { Report } from './check.ts';
import type { Ledger } from './ledger.ts';

/** I3, XEP-0198: the server counts what it has done with: no sooner, and in the end all of it. */
export function checkAcknowledgements(world: World, ledger: Ledger, report: Report): void {
  const { recorder } = world;
  const byPlace = new Map(
    ledger.instances.filter(({ session }) => session !== undefined).map((instance) => [instance.place, instance]),
  );
  for (const { element, session, place } of recorder.writes) {
    if (element.ns !== NS.sm || !['a', 'resumed'].includes(element.name)) continue;
    const h = Number(element.attrs['h']);
    const counted = session.counted ?? [];
    const come = counted.filter((at) => at < place);
    if (h > come.length)
      report(
        'SM',
        `${session.jid} (${session.number}) is told that ${h} stanzas were handled, it has sent ${come.length}`,
      );
    for (const at of come.slice(0, h)) {
      const instance = byPlace.get(at);
      if (instance === undefined) continue;
      if (instance.unit !== undefined && (instance.unit.done ?? Infinity) > place) {
        report('I3', `${instance.key} of ${session.jid} (${session.number}) was acknowledged before it was committed`);
      }
    }
  }
  for (const device of world.devices.values()) {
    const { sm } = device;
    if (!device.online || sm === undefined || !sm.inbound) continue;
    if (sm.acknowledged !== sm.total)
      report('SM', `${device.jid} has sent ${sm.total} stanzas, the server has handled ${sm.acknowledged}`);
  }
}
