import type { Device } from '../client/device.ts';
import { create } from '../pep.ts';

let counter = 0;

/** The address of the service. */
export function serviceOf(device: Device): string {
  return `pubsub.${device.domain}`;
}

/** A node of the device's own at the service; gives its name. */
export async function makeNode(device: Device, fields: Readonly<Record<string, string>> = {}): Promise<string> {
  counter += 1;
  const node = `node-${Date.now().toString(36)}-${counter}`;
  await device.ask('set', create(node, fields), serviceOf(device));
  return node;
}
