import type { TlsState } from '../transport.ts';
import { advertisedBindings, type ChannelBindings, readBindings } from './channel-binding.ts';
import { digest, type HashName } from './crypto.ts';

/** The SASL mechanisms of passwords, strongest first: RFC 5802, RFC 7677, RFC 4616. */
export const PASSWORD_MECHANISMS = [
  'SCRAM-SHA-512-PLUS',
  'SCRAM-SHA-512',
  'SCRAM-SHA-256-PLUS',
  'SCRAM-SHA-256',
  'SCRAM-SHA-1-PLUS',
  'SCRAM-SHA-1',
  'PLAIN',
] as const;

export type PasswordMechanism = (typeof PASSWORD_MECHANISMS)[number];

/** The mechanisms of FAST tokens: XEP-0484 §3.1, the Hashed Token draft §2. */
export const FAST_MECHANISMS = ['HT-SHA-256-EXPR', 'HT-SHA-256-ENDP', 'HT-SHA-256-NONE'] as const;

export type FastMechanism = (typeof FAST_MECHANISMS)[number];

/** The channel binding that each FAST mechanism needs. */
export const FAST_BINDINGS = {
  'HT-SHA-256-EXPR': 'tls-exporter',
  'HT-SHA-256-ENDP': 'tls-server-end-point',
  'HT-SHA-256-NONE': undefined,
} as const;

/** What one connection is offered. */
export interface SaslOffer {
  readonly mechanisms: readonly PasswordMechanism[];
  /** The binding types that are advertised: XEP-0440. */
  readonly bindings: readonly string[];
  readonly fast: readonly FastMechanism[];
  readonly bindingData: ChannelBindings;
}

/** What a connection is offered, out of what is configured. */
export function makeOffer(enabled: readonly PasswordMechanism[], fast: boolean, tls: TlsState | undefined): SaslOffer {
  const bindingData = readBindings(tls);
  const mechanisms = PASSWORD_MECHANISMS.filter(
    (name) => enabled.includes(name) && (!name.endsWith('-PLUS') || advertisedBindings(bindingData).length > 0),
  );
  const bound = mechanisms.some((name) => name.endsWith('-PLUS'));
  return {
    mechanisms,
    bindings: bound ? advertisedBindings(bindingData) : [],
    fast: fast ? FAST_MECHANISMS.filter((name) => hasBinding(bindingData, name)) : [],
    bindingData,
  };
}

/**
 * XEP-0474 §5.1: the hash of everything that was offered, by which a client sees that somebody took mechanisms or
 * binding types away on the way.
 */
export function hashOffer(hash: HashName, offer: SaslOffer): string {
  // All names are ASCII, where the order of UTF-16 units is that of i;octet
  const mechanisms = [...offer.mechanisms].sort().join('\x1e');
  const bindings = offer.bindings.length === 0 ? '' : `\x1f${[...offer.bindings].sort().join('\x1e')}`;
  return Buffer.from(digest(hash, mechanisms + bindings)).toString('base64');
}

function hasBinding(data: ChannelBindings, name: FastMechanism): boolean {
  const type = FAST_BINDINGS[name];
  return type === undefined || data.has(type);
}
