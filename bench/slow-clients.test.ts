import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyData } from '../packages/server/src/cli/verify-data.ts';
import { Link } from './rig/link.ts';
import { type RunningServer, spawnServer } from './rig/server.ts';
import { Receiver, sendStream } from './rig/stream-of-messages.ts';

const BOUND = 262_144;
const MESSAGES = 1500;
const BYTES = 8192;

let server: RunningServer;

beforeAll(async () => {
  server = await spawnServer(['limits.stanzas_per_second=0', 'limits.bytes_per_second=0']);
}, 20_000);

afterAll(() => server.stop());

test('I8 devices that stop reading cost bounded memory, delay nobody, and get the rest in order from the archive', async () => {
  const [alice, bob] = [await server.account('alice'), await server.account('bob')];
  const sender = await Link.open(server.address(), alice);
  const [fast, again, back] = await Promise.all(
    ['fast', 'reads-again', 'comes-back'].map(async (name) => {
      const link = await Link.open(server.address(), bob, name);
      await link.enableImNg();
      return link;
    }),
  );
  const links = [fast, again, back] as [Link, Link, Link];
  const [reader, ...slow] = links.map((link) => new Receiver(link)) as [Receiver, Receiver, Receiver];
  await links[2].enableSm();
  for (const link of links.slice(1)) link.wire.pause();
  await sendStream(sender, bob.jid, { count: MESSAGES, bytes: BYTES, perSecond: 1e6 });
  await reader.has(MESSAGES, 15_000);
  expect(reader.wrong).toEqual([]);

  const reports = await server.sessions(bob.jid);
  for (const { jid, buffered, log } of reports) {
    const isSlow = jid !== links[0].jid;
    expect(buffered, jid).toBeLessThan(BOUND + 2 * BYTES);
    expect((log?.head ?? 0) - (log?.sent ?? 0) > 0, jid).toBe(isSlow);
  }
  expect(await server.metric('tutti_sessions_lagging')).toBeGreaterThan(0);

  links[1].wire.resume();
  await links[2].resume();
  await Promise.all(slow.map((receiver) => receiver.has(MESSAGES, 15_000)));
  expect(slow.map(({ wrong }) => wrong)).toEqual([[], []]);
  expect(await server.metric('tutti_divergence_total')).toBe(0);
  expect(server.problems).toEqual([]);
  expect(verifyData(server.data)).toMatchObject({ sound: true, rows: 2 * MESSAGES });
}, 60_000);
