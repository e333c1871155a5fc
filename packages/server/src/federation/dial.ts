import { connect, type Socket } from 'node:net';
import type { Clock, Timer } from '../environment.ts';
import { LinkFailure } from './failure.ts';

/** RFC 8305 §5: milliseconds after which the next address is tried beside the one that has not answered yet. */
const NEXT_ADDRESS = 250;
/** TCP keepalive begins after this silence, in milliseconds. */
const KEEPALIVE_DELAY = 60_000;

/**
 * Connects to the first of these addresses that answers (happy eyeballs, RFC 8305).
 * @param timeout milliseconds for all of them
 * @param track is given every socket at its birth
 * @returns a connected socket; rejects with LinkFailure ("connect", "timeout")
 */
export function dial(
  addresses: readonly string[],
  port: number,
  timeout: number,
  clock: Clock,
  track: (socket: Socket) => void = () => undefined,
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const open = new Set<Socket>();
  const errors: string[] = [];
  let started = 0;
  let next: Timer | undefined;
  let isOver = false;

  const finish = (): void => {
    isOver = true;
    next?.cancel();
    limit.cancel();
  };
  const fail = (failure: LinkFailure): void => {
    finish();
    for (const socket of open) socket.destroy();
    reject(failure);
  };
  const start = (): void => {
    const host = addresses[started];
    if (host === undefined) return;
    started += 1;
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEPALIVE_DELAY,
      allowHalfOpen: true,
    });
    open.add(socket);
    track(socket);
    let reason = 'closed';
    // An error is followed by 'close', now and later.
    socket.on('error', (error) => (reason = explainCode(error)));
    const refused = (): void => {
      open.delete(socket);
      if (isOver) return;
      errors.push(`${host}: ${reason}`);
      if (started < addresses.length) advance();
      else if (open.size === 0) fail(new LinkFailure('connect', errors.join(', ')));
    };
    socket.once('close', refused);
    socket.once('connect', () => {
      socket.off('close', refused);
      finish();
      open.delete(socket);
      for (const other of open) other.destroy();
      resolve(socket);
    });
  };
  const advance = (): void => {
    next?.cancel();
    start();
    if (started < addresses.length) next = clock.after(NEXT_ADDRESS, advance);
  };
  const limit = clock.after(timeout, () => {
    fail(new LinkFailure('timeout', [...errors, `no connection within ${timeout / 1000} seconds`].join(', ')));
  });
  advance();
  return promise;
}

function explainCode({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') return 'nobody listens there (connection refused)';
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'no way there from here (unreachable)';
  if (code === 'ETIMEDOUT') return 'no answer';
  return code ?? message;
}
