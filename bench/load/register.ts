import { PASSWORD } from '../servers/server.ts';
import { inParallel } from './in-parallel.ts';
import { LoadClient } from './client.ts';

/** Registers accounts in band (XEP-0077), a few at a time. */
export async function register(port: number, names: readonly string[]): Promise<void> {
  await inParallel(names, 8, async (name) => {
    const client = await LoadClient.connect(port);
    await client.openStream();
    const form = `<username>${name}</username><password>${PASSWORD}</password>`;
    const answer = await client.ask('set', `<query xmlns='jabber:iq:register'>${form}</query>`);
    if (/type=['"]error/.test(answer)) throw new Error(`${name} could not be registered: ${answer}`);
    client.close();
  });
}
