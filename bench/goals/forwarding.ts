import { startRawServer } from '../baseline/raw-server.ts';
import { LoadClient } from '../load/client.ts';
import { Traffic } from '../load/traffic.ts';
import { sleep } from '../load/in-parallel.ts';
import { goOffline, type LoadUser, makeNames } from '../load/users.ts';
import { cpuSeconds } from '../servers/processes.ts';
import { assertComplete, using } from './goal.ts';

/** On the clock, and of the server's CPU. */
export interface Seconds {
  readonly clock: number;
  readonly cpu: number;
}

const USERS = 100;
const DEVICES = 3;
const TIMING = { warmUpMs: 1000, measureMs: 3000 };

/** Seconds that raw Node takes for a delivery: a server that forwards what it reads to six connections, as goal 1 has them, and looks at nothing. */
export function costOfForwarding(): Promise<Seconds> {
  return using(
    () => startRawServer('forward', 2 * DEVICES),
    async ({ port, pid }) => {
      const users: LoadUser[] = [];
      for (const name of makeNames('user', USERS)) {
        const devices: LoadClient[] = [];
        // One after the other: the server groups them as they come
        for (let device = 0; device < DEVICES; device += 1) devices.push(await LoadClient.connect(port));
        users.push({ name, jid: `${name}@localhost`, devices });
      }
      await sleep(500); // all of them are in their groups
      const result = await new Traffic(users, true, () => cpuSeconds([pid])).closedLoop(4, TIMING);
      assertComplete(result);
      goOffline(users);
      const deliveries = result.messages * 2 * DEVICES;
      return { clock: result.seconds / deliveries, cpu: result.cpuSeconds / deliveries };
    },
  );
}
