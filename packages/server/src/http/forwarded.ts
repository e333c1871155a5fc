import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from '../stream/address.ts';

/**
 * The address that a request is counted with: the peer's, or the last one in X-Forwarded-For when the peer is a reverse
 * proxy on this machine that we were told of. The last is the one that our proxy has added itself.
 */
export function chooseAddress({ socket, headers }: IncomingMessage, behindProxy: boolean): string {
  const peer = socket.remoteAddress ?? '';
  if (!behindProxy || !isLoopback(peer)) return peer;
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',').at(-1)?.trim() ?? '';
  return isIP(forwarded) === 0 ? peer : forwarded;
}
