import type { TLSSocket } from 'node:tls';
import { readServerEndPoint } from '../../tls/channel-binding.ts';
import type { TlsState } from '../transport.ts';

/** RFC 9266 §2: the label and the length of tls-exporter. */
const EXPORTER_LABEL = 'EXPORTER-Channel-Binding';
const EXPORTER_BYTES = 32;

/** What is known of an encrypted connection whose handshake is done. */
export function readTlsState(socket: TLSSocket): TlsState {
  const protocol = socket.getProtocol() ?? '';
  return {
    protocol,
    exporter: () => (protocol === 'TLSv1.3' ? exportKey(socket) : undefined),
    // In a resumed session of TLS 1.2 it is another message (RFC 5929 §3.1), and one that two connections can share.
    finished: () => (socket.isSessionReused() ? undefined : socket.getPeerFinished()),
    serverEndPoint: () => readServerEndPoint(socket),
  };
}

/** RFC 9266 §2: the context is of zero length. */
function exportKey(socket: TLSSocket): Uint8Array {
  return socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
}
