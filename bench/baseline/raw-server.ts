import { fork } from 'node:child_process';
import { once } from 'node:events';
import { endProcess } from '../../conformance/processes.ts';

/** What Node itself takes: a server that sends back what it gets, or pages of given bytes, and knows nothing of XMPP. */
export interface RawServer {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * `pages`: answers each line with so many bytes, of so many numbered messages, that end in `</iq>`; `forward`: what comes goes to each of a group of so many
 * connections; otherwise it echoes.
 */
export async function startRawServer(
  kind: 'tcp' | 'tls' | 'pages' | 'forward',
  bytes = 0,
  messages = 0,
): Promise<RawServer> {
  const child = fork(new URL('./raw-server-process.ts', import.meta.url), [kind, `${bytes}`, `${messages}`], {
    execArgv: ['--conditions=source'],
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { port, pid: child.pid as number, stop: () => endProcess(child) };
}
