import type { TlsState } from '../transport.ts';

/** The channel binding types we can speak of, strongest first: RFC 9266, RFC 5929 §4. Never tls-unique: RFC 9266 §3. */
export type BindingType = 'tls-exporter' | 'tls-server-end-point';

/** The data of each binding type that this connection has. */
export type ChannelBindings = ReadonlyMap<BindingType, Uint8Array>;

/** The channel bindings of a connection; none without TLS. */
export function readBindings(tls: TlsState | undefined): ChannelBindings {
  const bindings = new Map<BindingType, Uint8Array>();
  // RFC 9266 §4.2: below TLS 1.3 tls-exporter needs the extended master secret, which cannot be asked for here
  const exporter = tls?.protocol === 'TLSv1.3' ? tls.exporter() : undefined;
  if (exporter !== undefined) bindings.set('tls-exporter', exporter);
  const endPoint = tls?.serverEndPoint();
  if (endPoint !== undefined) bindings.set('tls-server-end-point', endPoint);
  return bindings;
}
