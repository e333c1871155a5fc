import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { xml } from '@tutti/xmpp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifyData } from '../../packages/server/src/cli/verify-data.ts';
import { Device } from '../client/device.ts';
import type { Account } from '../client/login.ts';
import { requirePeer } from '../peers.ts';
import { register } from '../target.ts';
import { type Served, serve } from './served.ts';

let folder: string;
let server: Served;
let tracer: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tutti-sync-'));
});
afterEach(async () => {
  tracer?.kill('SIGKILL');
  tracer = undefined;
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const failures = [
  ['every fsync fails from now on', 'fsync,fdatasync', 'fsync,fdatasync:error=EIO'],
  ['a single fsync fails', 'fsync,fdatasync', 'fsync,fdatasync:error=EIO:when=1'],
] as const;

test.runIf(requirePeer('strace', 'an fsync that fails')).for(failures)(
  'A3 I3 %s: senders are told to wait, nobody sees the message, the server ends with 1, and nothing acknowledged is lost',
  { timeout: 60_000 },
  async ([, calls, fault]) => {
    const data = join(folder, 'data');
    server = await serve(data);
    const alice = await register(server.address, 'alice@localhost', 'secret');
    const bob = await register(server.address, 'bob@localhost', 'secret');
    const [phone, desk, friend] = await meet(alice, bob);
    for (let n = 0; n < 20; n += 1) say(phone, bob, `before-${n}`);
    await phone.acknowledged();
    await Promise.all([phone, desk, friend].map((device) => device.fence()));

    tracer = await breakCalls(server.pid, calls, fault);
    const answer = phone.expect(({ name, attrs }) => name === 'message' && attrs['id'] === 'lost');
    say(phone, bob, 'lost');
    const error = (await answer).child('error');
    expect([error?.attrs['type'], error?.elements[0]?.name]).toEqual(['wait', 'internal-server-error']);
    expect(await server.ended).toBe(1);
    expect(server.log).toContain('the log is gone: nothing can be archived any more');
    for (const device of [phone, desk, friend]) {
      await device.wire.waitClosed();
      expect(device.wire.streamError?.elements[0]?.name, device.name).toBe('system-shutdown');
    }
    const shown = [phone, desk, friend].map((device) =>
      device.transcript
        .filter(({ name, attrs }) => name === 'message' && attrs['type'] === 'chat')
        .map(({ attrs }) => attrs['id']),
    );
    const before = Array.from({ length: 20 }, (_, n) => `before-${n}`);
    expect(shown).toEqual([before, before, before]);

    // Whoever supervises it starts it again.
    server = await serve(data);
    const [again, , other] = await meet(alice, bob);
    say(again, bob, 'lost');
    say(again, bob, 'after');
    await again.acknowledged();
    for (const device of [again, other]) {
      const rows = (await device.archive()).rows.map(({ stanza }) => stanza);
      const chats = rows.filter(({ attrs }) => attrs['type'] === 'chat').map(({ attrs }) => attrs['id']);
      expect(chats, device.name).toEqual([...before, 'lost', 'after']);
    }
    expect(verifyData(data)).toMatchObject({ sound: true });
  },
);

test.runIf(requirePeer('strace', 'a write that fails'))(
  'A3 I3 a write fails: the sender is told to wait, nobody sees the message, and the server goes on as soon as writes succeed',
  { timeout: 60_000 },
  async () => {
    const data = join(folder, 'data');
    server = await serve(data);
    const alice = await register(server.address, 'alice@localhost', 'secret');
    const bob = await register(server.address, 'bob@localhost', 'secret');
    const [phone, desk, friend] = await meet(alice, bob);
    say(phone, bob, 'before');
    await phone.acknowledged();
    tracer = await breakCalls(server.pid, 'pwrite64', 'pwrite64:error=EIO', join(data, 'log.db-wal'));
    for (const id of ['lost', 'lost, too']) {
      const answer = phone.expect(({ name, attrs }) => name === 'message' && attrs['id'] === id);
      say(phone, bob, id);
      const error = (await answer).child('error');
      expect([error?.attrs['type'], error?.elements[0]?.name]).toEqual(['wait', 'internal-server-error']);
    }
    const detached = once(tracer, 'exit');
    tracer.kill('SIGTERM');
    await detached;
    say(phone, bob, 'after');
    await phone.acknowledged();
    for (const device of [phone, desk, friend]) {
      await device.fence();
      const rows = (await device.archive()).rows.map(({ stanza }) => stanza.attrs['id']);
      expect(rows, device.name).toEqual(['before', 'after']);
      const chats = device.transcript.filter(({ name, attrs }) => name === 'message' && attrs['type'] === 'chat');
      expect(
        chats.map(({ attrs }) => attrs['id']),
        device.name,
      ).toEqual(['before', 'after']);
    }
    expect(verifyData(data)).toMatchObject({ sound: true });
  },
);

async function meet(alice: Account, bob: Account): Promise<[Device, Device, Device]> {
  const connect = async (name: string, account: Account): Promise<Device> => {
    const device = await Device.connect(name, server.address, account);
    await device.enableSm();
    await device.enableImNg();
    return device;
  };
  return [await connect('alice.phone', alice), await connect('alice.desk', alice), await connect('bob.phone', bob)];
}

function say(device: Device, to: Account, id: string): void {
  device.send(xml('message', { type: 'chat', to: to.jid, id }, xml('body', null, id)));
}

/** From now on some of its system calls fail; with `file`, only those on it. */
async function breakCalls(pid: number, calls: string, fault: string, file?: string): Promise<ChildProcess> {
  const only = file === undefined ? [] : ['-P', file];
  const args = ['-f', ...only, '-o', '/dev/null', '-e', `trace=${calls}`, '-e', `inject=${fault}`, '-p', String(pid)];
  const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const lines = createInterface({ input: strace.stderr });
  for await (const [line] of on(lines)) if (line.includes(`Process ${pid} attached`)) return strace;
  throw new Error('strace did not attach');
}

async function* on(lines: ReturnType<typeof createInterface>): AsyncGenerator<[string]> {
  for (;;) yield (await once(lines, 'line')) as [string];
}
