import { join } from 'node:path';
import { type Element, NS, xml } from '@tutti/xmpp';
import { expect, test } from 'vitest';
import { startServer } from 'tutti';
import { Device } from '../client/device.ts';
import type { Address } from '../client/transport.ts';
import { limitFileSize, mountSmallDisk } from './full-disk.ts';
import { archiveId } from './member.ts';

const SETTINGS = ['c2s.port=0', 'c2s_tls.port=0', 's2s.enabled=false', 'http.port=0', 'auth.scram_iterations=4096'];
const TEXT = 'x'.repeat(2000);

const ways = [
  ['a file system that is full', mountSmallDisk],
  ['files that may not grow', limitFileSize],
] as const;

test.for(ways)(
  'A3 I3 %s: senders are told to wait, nobody sees the message, and all goes on when there is room again',
  { timeout: 60_000 },
  async ([, make], { skip }) => {
    const disk = make();
    if (disk === undefined) return skip('this user may not do that here');
    const problems: string[] = [];
    const server = await startServer({ data: join(disk.folder, 'data'), settings: SETTINGS, logger: listen(problems) });
    try {
      const { port } = server.listening.find(({ name }) => name === 'c2s') as { port: number };
      const address: Address = { transport: 'tcp', tls: 'starttls', host: '127.0.0.1', port, domain: 'localhost' };
      for (const name of ['alice', 'bob']) await server.accounts.add(`${name}@localhost`, 'secret');
      const phone = await connect(address, 'alice.phone');
      const desk = await connect(address, 'alice.desk');
      const bob = await connect(address, 'bob.phone');

      const before = await tell(phone, 'before');
      expect(before.attrs['type']).toBe('chat');

      await disk.fill();
      // What the files hold already may still be used up.
      const failed: string[] = [];
      for (let turn = 0; failed.length < 5 && turn < 3000; turn += 1) {
        const answer = await tell(phone, `full-${turn}`);
        if (answer.attrs['type'] !== 'error') continue;
        const error = answer.child('error');
        expect([error?.attrs['type'], error?.elements[0]?.name]).toEqual(['wait', 'internal-server-error']);
        expect(answer.child('im-ng', NS.imNg), 'the error is for the sender alone').toBeDefined();
        failed.push(answer.attrs['id'] ?? '');
      }
      expect(failed).toHaveLength(5);
      expect(problems.some((line) => line.includes('could not be archived'))).toBe(true);

      // Also what the server says of itself.
      const { port: http = 0 } = server.listening.find(({ name }) => name === 'http') ?? {};
      const metrics = await (await fetch(`http://127.0.0.1:${http}/metrics`)).text();
      expect(metrics).toContain('tutti_log_failures_total 5\n');

      disk.makeRoom();
      const after = await tell(bob, 'after', 'alice@localhost');
      expect(after.attrs['type']).toBe('chat');
      await phone.acknowledged();
      await Promise.all([phone, desk, bob].map((device) => device.fence()));

      for (const device of [phone, desk, bob]) {
        const archive = (await device.archive()).rows.map(({ id, stanza }) => `${id} ${stanza.attrs['id']}`);
        const shown = device.transcript.flatMap((stanza) => {
          const id = archiveId(stanza, device.bare);
          return id === undefined ? [] : [`${id} ${stanza.attrs['id']}`];
        });
        expect(shown, device.name).toEqual(archive);
        expect(archive.at(-1)).toMatch(/ after$/);
        for (const id of failed) expect(archive.some((row) => row.endsWith(` ${id}`))).toBe(false);
      }
    } finally {
      disk.makeRoom();
      await server.stop();
      disk.remove();
    }
  },
);

async function connect(address: Address, name: string): Promise<Device> {
  const account = { jid: `${name.split('.')[0]}@localhost`, password: 'secret' };
  const device = await Device.connect(name, address, account);
  await device.enableSm();
  await device.enableImNg();
  return device;
}

/** Sends a message; gives its reflection, or the error that comes instead. */
async function tell(device: Device, id: string, to = 'bob@localhost'): Promise<Element> {
  const answer = device.expect((stanza) => stanza.name === 'message' && stanza.attrs['id'] === id);
  device.send(xml('message', { type: 'chat', to, id }, xml('body', null, TEXT)));
  return answer;
}

function listen(problems: string[]) {
  const record = (fields: object, message: string): void => void problems.push(`${message} ${JSON.stringify(fields)}`);
  const logger = { debug() {}, info() {}, warn: record, error: record, child: () => logger };
  return logger;
}
