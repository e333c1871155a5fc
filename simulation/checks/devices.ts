import { NS } from '@tutti/xmpp';
import { readRow } from '../model/message.ts';
import type { World } from '../world/world.ts';
import type { Report } from './check.ts';

/** K5, I1, I2: in the end every IM-NG device shows its account's archive: everything once, in order, byte for byte. */
export function checkDevices(world: World, report: Report): void {
  for (const device of world.devices.values()) {
    if (!device.online) {
      report('I8', `${device.jid} could not come back`);
      continue;
    }
    const session = world.recorder.sessions[device.session - 1];
    const end = world.recorder.times.length - 1;
    const facts = world.recorder
      .factsBetween(device.account, end, end)
      .flatMap(({ sessions }) => sessions)
      .find((one) => one.session === session?.number);
    if (facts === undefined || facts.imNg !== device.imNg || facts.carbons !== device.carbons) {
      report(
        'E2',
        `${device.jid}: IM-NG ${device.imNg}, Carbons ${device.carbons}; the server has ${JSON.stringify(facts)}`,
      );
    }
    if (!device.imNg) continue;
    if (!device.catchUp.complete) {
      report('K5', `${device.jid} has not caught up`);
      continue;
    }
    const archive = (world.state.accounts.get(device.account)?.rows ?? []).map((row) => ({
      id: row.id,
      xml: readRow(row.stanza).toString(NS.client),
    }));
    const { timeline } = device.catchUp;
    const length = Math.max(archive.length, timeline.length);
    for (let index = 0; index < length; index += 1) {
      const [mine, archived] = [timeline[index], archive[index]];
      if (mine?.id === archived?.id && mine?.xml === archived?.xml) continue;
      report(
        'I1',
        `${device.jid} shows ${mine?.id} ${mine?.xml} at ${index + 1}, the archive has ${archived?.id} ${archived?.xml}`,
      );
      break;
    }
  }
}
