import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { python } from '../peers.ts';
import type { Login, Participant } from './participant.ts';
import { Screen } from './screen.ts';

const SCRIPT = fileURLToPath(new URL('slixmpp_device.py', import.meta.url));

/** slixmpp over TCP with STARTTLS and SCRAM, in a Python process of its own. `certificate` is the file it trusts. */
export function createSlixmpp(login: Login, certificate: string): Participant {
  const screen = new Screen(login.account);
  const pending = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  let next = 1;
  let child: ChildProcess | undefined;

  const start = (): ChildProcess => {
    const jid = `${login.account}/${login.resource}`;
    const options = {
      jid,
      password: login.password,
      mode: login.mode,
      certificate,
      host: '127.0.0.1',
      port: login.tcp,
    };
    const process = spawn(python, [SCRIPT, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'ignore'] });
    createInterface({ input: process.stdout }).on('line', (line) => {
      const told = JSON.parse(line) as { message?: string; done?: number; error?: string };
      if (told.message !== undefined) screen.take(told.message);
      if (told.done === undefined) return;
      const waiting = pending.get(told.done);
      pending.delete(told.done);
      if (told.error === undefined) waiting?.resolve();
      else waiting?.reject(new Error(`slixmpp: ${told.error}`));
    });
    process.once('exit', () => {
      for (const { reject } of pending.values()) reject(new Error('slixmpp has ended'));
      pending.clear();
    });
    return process;
  };
  const command = (fields: object): Promise<void> => {
    return new Promise((resolve, reject) => {
      const id = next++;
      pending.set(id, { resolve, reject });
      child?.stdin?.write(`${JSON.stringify({ id, ...fields })}\n`);
    });
  };
  return {
    screen,
    join() {
      child = start();
      return command({ do: 'join' });
    },
    say: (to, body) => command({ do: 'say', to, body }),
    catchUp: (after) => command({ do: 'catchUp', after: after ?? null }),
    async leave() {
      await command({ do: 'leave' });
      const ended = new Promise((resolve) => child?.once('exit', resolve));
      child?.stdin?.end();
      await ended;
      child = undefined;
    },
  };
}
