import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NS, xml } from '@tutti/xmpp';
import { expect, onTestFinished, test } from 'vitest';
import { verifyData } from '../../packages/server/src/cli/verify-data.ts';
import { Device } from '../client/device.ts';
import { codes, Hall, heard } from '../hall.ts';
import { launchTutti } from '../targets/launch.ts';

const ALICE = { jid: 'alice@localhost', password: 'secret' };

test('A3 I3 a room outlives kill -9: what was heard is in its archive, and tutti verify finds nothing wrong', async () => {
  const data = mkdtempSync(join(tmpdir(), 'tutti-rooms-'));
  onTestFinished(() => rmSync(data, { recursive: true, force: true }));
  let server = await launchTutti({ data, settings: [] });
  const connect = (): Promise<Device> => {
    const address = {
      transport: 'tcp',
      tls: 'starttls',
      host: '127.0.0.1',
      port: server.port('c2s'),
      domain: 'localhost',
    } as const;
    return Device.connect('alice.phone', address, ALICE, 'phone');
  };
  await server.add(ALICE.jid, ALICE.password);
  const before = await connect();
  const hall = await Hall.open(before, 'Alice', { persistentroom: '1' });
  before.message({ to: hall.jid, type: 'groupchat' }, xml('subject', null, 'Balconies'));
  for (const body of ['one', 'two', 'three']) hall.say(before, body);
  const last = await before.receive((stanza) => heard([stanza])[0] === 'three');
  await server.end('SIGKILL');
  server = await launchTutti({ data, settings: [] });
  const phone = await connect();
  const came = await hall.enter(phone, 'Alice');
  expect(heard(came)).toEqual(['one', 'two', 'three']);
  expect(came.at(-1)?.child('subject')?.text()).toBe('Balconies');
  const { rows } = await phone.archive({ to: hall.jid });
  expect(rows.at(-1)?.id).toBe(last.child('stanza-id', NS.sid)?.attrs['id']);
  // XEP-0045 §11.2, before the stream ends.
  const closed = phone.wire.waitClosed();
  await server.end('SIGTERM');
  await closed;
  const gone = phone.transcript.findLast(({ name, attrs }) => name === 'presence' && attrs['type'] === 'unavailable');
  expect([gone?.attrs['from'], codes(gone)]).toEqual([hall.of('Alice'), [110, 332]]);
  expect(verifyData(data)).toMatchObject({ sound: true, faults: [] });
});
