import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemRandom } from './system.ts';

const SECRET_BYTES = 32;

/** The server's secret: 32 bytes kept in `<data>/secret`, made when it is not there. Half of every FAST token (XEP-0484), and what unknown users' salts are made of. */
export function keepSecret(data: string): Uint8Array {
  const file = join(data, 'secret');
  try {
    writeFileSync(file, systemRandom.bytes(SECRET_BYTES), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const secret = readFileSync(file);
  if (secret.length !== SECRET_BYTES)
    throw new Error(`${file} is damaged; remove it: clients will have to log in with their passwords again`);
  return secret;
}
