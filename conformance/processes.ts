/** Programs that run beside a test, on loopback. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Milliseconds that a program may take to listen, and to end. */
const START_MS = 60_000;
const END_MS = 10_000;

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Resolves when somebody listens on each of the ports; rejects when the process ends before, or after a minute. */
export async function whenListening(ports: readonly number[], child: ChildProcess): Promise<void> {
  const giveUp = performance.now() + START_MS;
  for (const port of ports) {
    while (!(await canConnect(port))) {
      if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with code ${child.exitCode}`);
      if (performance.now() > giveUp) throw new Error(`${child.spawnfile} does not listen on ${port}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Asks a process of ours to end, insists after ten seconds, and waits for it. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await exited;
  clearTimeout(timer);
}
