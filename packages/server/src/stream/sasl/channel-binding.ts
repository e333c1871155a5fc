import type { TlsState } from '../transport.ts';

/** The channel binding types that are advertised, strongest first: RFC 9266, RFC 5929 §4. Never tls-unique: RFC 9266 §3. */
const ADVERTISED = ['tls-exporter', 'tls-server-end-point'] as const;

export type BindingType = (typeof ADVERTISED)[number] | 'tls-unique';

/** The data of each binding type that this connection has. */
export type ChannelBindings = ReadonlyMap<BindingType, Uint8Array>;

/**
 * The channel bindings of a connection; none without TLS. `tls-unique` is among them but not advertised: clients that know nothing else try it
 * unasked, on TLS 1.3 too, and the Finished message that they bind to does tell two connections apart. See docs/decisions.
 */
export function readBindings(tls: TlsState | undefined): ChannelBindings {
  const bindings = new Map<BindingType, Uint8Array>();
  // RFC 9266 §4.2: below TLS 1.3 tls-exporter needs the extended master secret, which cannot be asked for here
  const exporter = tls?.protocol === 'TLSv1.3' ? tls.exporter() : undefined;
  if (exporter !== undefined) bindings.set('tls-exporter', exporter);
  const endPoint = tls?.serverEndPoint();
  if (endPoint !== undefined) bindings.set('tls-server-end-point', endPoint);
  const finished = tls?.finished();
  if (finished !== undefined) bindings.set('tls-unique', finished);
  return bindings;
}

/** The types that are told to clients (XEP-0440). */
export function advertisedBindings(bindings: ChannelBindings): readonly BindingType[] {
  return ADVERTISED.filter((type) => bindings.has(type));
}
