import { type Element, NS, xml } from '@tutti/xmpp';
import type { Device } from '../client/device.ts';
import { check } from '../failure.ts';
import { findService } from '../services.ts';

export interface Slot {
  readonly put: string;
  readonly get: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** XEP-0363 §4: where files go. */
export async function uploadService(device: Device): Promise<string> {
  const service = await findService(device, NS.httpUpload);
  check(service !== undefined, 'no service of the server takes files');
  return service ?? '';
}

export function request(filename: string, size: number, type?: string, ...children: Element[]): Element {
  return xml('request', { xmlns: NS.httpUpload, filename, size, 'content-type': type }, ...children);
}

/** XEP-0363 §5: asks for a slot. */
export async function askForSlot(device: Device, filename: string, size: number, type?: string): Promise<Slot> {
  const answer = await device.iq('get', request(filename, size, type), await uploadService(device));
  const slot = answer.child('slot', NS.httpUpload);
  const put = slot?.child('put');
  check(put !== undefined, `no slot: ${answer.toString()}`);
  const headers =
    put?.childrenNamed('header').map((header) => [header.attrs['name'] ?? '', header.text()] as const) ?? [];
  return {
    put: put?.attrs['url'] ?? '',
    get: slot?.child('get')?.attrs['url'] ?? '',
    headers: Object.fromEntries(headers),
  };
}

export function putFile({ put, headers }: Slot, content: string, type?: string): Promise<Response> {
  const all = { ...headers, ...(type === undefined ? {} : { 'content-type': type }) };
  return fetch(put, { method: 'PUT', body: Buffer.from(content), headers: all });
}
