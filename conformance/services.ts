import { NS, xml } from '@tutti/xmpp';
import type { Device } from './client/device.ts';

/** The first service of a device's server that has a feature (XEP-0030); undefined: there is none. */
export async function findService(device: Device, feature: string): Promise<string | undefined> {
  const items = await device.iq('get', xml('query', { xmlns: NS.discoItems }), device.domain);
  for (const item of items.child('query', NS.discoItems)?.childrenNamed('item') ?? []) {
    const { jid } = item.attrs;
    if (jid === undefined) continue;
    const info = await device.iq('get', xml('query', { xmlns: NS.discoInfo }), jid);
    const features = info.child('query', NS.discoInfo)?.childrenNamed('feature') ?? [];
    if (features.some(({ attrs }) => attrs['var'] === feature)) return jid;
  }
  return undefined;
}
