import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../client/transport.ts';
import { freshLocalpart, type OwnTarget } from '../target.ts';
import { launchTutti } from './launch.ts';

/** Starts Tutti in a process of its own, with a data folder of its own that is deleted in the end. */
export async function startTutti(settings: readonly string[] = []): Promise<OwnTarget> {
  const data = await mkdtemp(join(tmpdir(), 'tutti-'));
  let running = await launchTutti({ data, settings });
  const domain = 'localhost';
  const at = (name: string) => ({ host: '127.0.0.1', port: running.port(name), domain });
  return {
    name: 'Tutti',
    domain,
    transports: ['tcp', 'ws', 'bosh'],
    address: (transport) => ({
      transport,
      tls: transport === 'tcp' ? 'starttls' : 'none',
      ...at(transport === 'tcp' ? 'c2s' : 'http'),
    }),
    get directTls(): Address {
      return { transport: 'tcp', tls: 'direct', ...at('c2s_tls') };
    },
    async account(name) {
      const account = { jid: `${freshLocalpart(name)}@${domain}`, password: 'secret' };
      await running.add(account.jid, account.password);
      return account;
    },
    offers: undefined,
    grace: () => Promise.resolve(),
    spawn: startTutti,
    kill: () => running.end('SIGKILL'),
    async start() {
      running = await launchTutti({ data, settings });
    },
    async stop() {
      await running.end('SIGTERM');
      await rm(data, { recursive: true, force: true });
    },
  };
}
