import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchTutti } from '../../conformance/targets/launch.ts';
import { readVersion } from '../../packages/server/src/places.ts';
import { rssBytes } from '../servers/processes.ts';
import type { Contestant } from './contestant.ts';

/** Tutti as it is in this checkout; its clients are devices with IM-NG, or the same ones that the peers get. */
export async function startTutti(clients: 'IM-NG' | 'Carbons'): Promise<Contestant> {
  const data = await mkdtemp(join(tmpdir(), 'tutti-'));
  const settings = ['c2s.require_tls=false', 'limits.stanzas_burst=0'];
  let running = await launchTutti({ data, settings });
  return {
    name: 'Tutti',
    version: readVersion(),
    configuration: `SQLite, ${clients === 'IM-NG' ? 'clients with IM-NG' : 'the same clients as the others'}`,
    address: () => ({
      transport: 'tcp',
      host: '127.0.0.1',
      port: running.port('c2s'),
      tls: 'none',
      domain: 'localhost',
    }),
    async account(name) {
      const account = { jid: `${name}@localhost`, password: 'secret' };
      await running.add(account.jid, account.password);
      return account;
    },
    kill: () => running.end('SIGKILL'),
    async start() {
      running = await launchTutti({ data, settings });
    },
    async restart() {
      await running.end('SIGTERM');
      running = await launchTutti({ data, settings });
    },
    rss: () => rssBytes(running.pid),
    async stop() {
      await running.end('SIGTERM');
      await rm(data, { recursive: true, force: true });
    },
  };
}
