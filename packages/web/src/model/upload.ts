import type { Client } from '@tutti/client';
import { NS, StanzaError, xml } from '@tutti/xmpp';
import type { Services } from './services.ts';
import { readWebUrl } from '../text/links.ts';

/** Headers that a slot may ask for: XEP-0363 §5. */
const HEADERS = new Set(['authorization', 'cookie', 'expires']);

/**
 * Uploads a file (XEP-0363) and gives its address. Rejects with a StanzaError (`not-acceptable`: too large), a TuttiError, or the
 * error of the transfer.
 */
export async function uploadFile(
  client: Client,
  service: NonNullable<Services['upload']>,
  file: File,
): Promise<string> {
  if (service.maxBytes !== undefined && file.size > service.maxBytes) throw new StanzaError('not-acceptable');
  const request = xml('request', {
    xmlns: NS.httpUpload,
    filename: file.name,
    size: file.size,
    'content-type': file.type === '' ? undefined : file.type,
  });
  const answer = await client.request(xml('iq', { type: 'get', to: service.jid }, request));
  const slot = answer.child('slot', NS.httpUpload);
  const [put, get] = [slot?.child('put'), slot?.child('get')?.attrs['url']];
  const target = readWebUrl(put?.attrs['url'] ?? '');
  if (put === undefined || target === undefined || get === undefined) throw new StanzaError('undefined-condition');
  const headers = put
    .childrenNamed('header')
    .map((header) => [header.attrs['name'] ?? '', header.text()] as const)
    .filter(([name]) => HEADERS.has(name.toLowerCase()));
  const answered = await fetch(target, { method: 'PUT', body: file, headers: [...headers].map(([n, v]) => [n, v]) });
  if (!answered.ok) throw new Error(`the upload was answered with ${answered.status}`);
  return get;
}
