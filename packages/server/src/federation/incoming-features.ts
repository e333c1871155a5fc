import { type Element, NS, xml } from '@tutti/xmpp';
import type { Config } from '../config/schema.ts';
import { dialbackFeature } from './dialback.ts';

/** What decides which features a stream of another server is offered. */
export interface IncomingState {
  readonly isEncrypted: boolean;
  readonly isAuthenticated: boolean;
  readonly requireTls: boolean;
  /** SASL EXTERNAL would succeed. */
  readonly isCertificateGood: boolean;
}

/** RFC 6120 §4.3.2: TLS first, then how to prove who one is, then the rest. */
export function makeFeatures(state: IncomingState, config: Config): Element {
  const { authentication, bidi } = config.s2s;
  const { isEncrypted, isAuthenticated, isCertificateGood, requireTls } = state;
  const mayProve = !isAuthenticated && (isEncrypted || !requireTls);
  // XEP-0178 §3 point 10: where it would fail it is not offered, and the other side goes on with dialback.
  const isExternal = mayProve && isEncrypted && isCertificateGood && authentication.includes('external');
  const isDialback = mayProve && authentication.includes('dialback');
  return xml(
    'features',
    { xmlns: NS.stream },
    !isEncrypted && !isAuthenticated && xml('starttls', { xmlns: NS.tls }, requireTls && xml('required')),
    isExternal && xml('mechanisms', { xmlns: NS.sasl }, xml('mechanism', null, 'EXTERNAL')),
    isDialback && dialbackFeature(),
    bidi && isEncrypted && !isAuthenticated && xml('bidi', { xmlns: NS.bidiFeature }),
    // XEP-0198 §3: where stanzas may come next; after dialback no other features follow.
    (isAuthenticated || (isDialback && !isExternal)) && xml('sm', { xmlns: NS.sm }),
    makeLimits(isAuthenticated || isDialback, config),
  );
}

/** XEP-0478 §3.1. */
function makeLimits(isLast: boolean, { limits, s2s }: Config): Element | undefined {
  const bytes = isLast ? s2s.stanzaBytes : limits.unauthenticatedStanzaBytes;
  const idle = isLast ? s2s.idleTimeout : limits.unauthenticatedTimeout;
  if (bytes === 0 && idle === 0) return undefined;
  return xml(
    'limits',
    { xmlns: NS.streamLimits },
    bytes > 0 && xml('max-bytes', null, String(bytes)),
    idle > 0 && xml('idle-seconds', null, String(Math.ceil(idle))),
  );
}
