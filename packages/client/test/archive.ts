import { type Element, NS, parseXml } from '@tutti/xmpp';
import { client, xml } from '@xmpp/client';

/** A message as the archive has it. */
export interface Archived {
  readonly id: string;
  readonly message: Element;
}

/** Reads an account's whole archive with nothing of the client that is tested. */
export async function readArchive(service: string, username: string): Promise<readonly Archived[]> {
  const xmpp = client({ service, domain: 'localhost', username, password: 'secret' });
  xmpp.reconnect.stop();
  const archived: Archived[] = [];
  xmpp.on('stanza', (stanza) => {
    const result = parseXml(stanza.toString(), NS.client).child('result', NS.mam);
    const message = result?.child('forwarded', NS.forward)?.child('message', NS.client);
    if (result !== undefined && message !== undefined) archived.push({ id: result.attrs['id'] ?? '', message });
  });
  await xmpp.start();
  for (let isComplete = false; !isComplete; ) {
    const after = archived.at(-1)?.id;
    const set = xml('set', { xmlns: NS.rsm }, ...(after === undefined ? [] : [xml('after', {}, after)]));
    const fin = await xmpp.iqCaller.request(xml('iq', { type: 'set' }, xml('query', { xmlns: NS.mam }, set)));
    isComplete = fin.getChild('fin', NS.mam)?.attrs['complete'] === 'true';
  }
  await xmpp.stop();
  return archived;
}
