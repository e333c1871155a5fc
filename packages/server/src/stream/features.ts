import { type Element, NS, xml } from '@tutti/xmpp';
import type { ParserLimits } from '@tutti/xmpp';
import type { StreamHost, StreamSession } from './host.ts';
import type { StreamLimits } from './options.ts';
import type { SaslOffer } from './sasl/offer.ts';

/** What decides which features a stream may offer before login. */
export interface LoginFeatures {
  readonly domain: string;
  readonly host: StreamHost;
  readonly limits: StreamLimits;
  /** STARTTLS can be negotiated now. */
  readonly startTls: boolean;
  /** The channel is good enough to log in. */
  readonly mayLogIn: boolean;
  readonly offer: SaslOffer;
}

/** RFC 6120 §4.3.2: the features before login; STARTTLS alone while it is required (§5.3.1). */
export function makeLoginFeatures(given: LoginFeatures): Element {
  const { domain, host, limits, startTls, mayLogIn, offer } = given;
  return xml(
    'features',
    { xmlns: NS.stream },
    startTls && xml('starttls', { xmlns: NS.tls }, !mayLogIn && xml('required')),
    ...(mayLogIn ? makeSaslFeatures(offer, host.bind2Features(domain)) : []),
    ...(mayLogIn ? (host.loginFeatures?.(domain) ?? []) : []),
    makeLimits(limits.beforeLogin, limits.loginTime),
  );
}

/** RFC 6120 §7.4: the features after login; after Bind 2, with a session, nothing is left to bind. */
export function makeSessionFeatures(
  domain: string,
  host: StreamHost,
  limits: StreamLimits,
  session?: StreamSession,
): Element {
  const bound = session !== undefined;
  return xml(
    'features',
    { xmlns: NS.stream },
    !bound && xml('bind', { xmlns: NS.bind }),
    // RFC 3921 §3 asked for it, RFC 6121 no longer: advertised as optional for clients that look for it
    !bound && xml('session', { xmlns: NS.session }, xml('optional')),
    ...host.sessionFeatures(domain, session),
    makeLimits(limits.afterLogin, limits.idleTime),
  );
}

function makeSaslFeatures(offer: SaslOffer, bind2: readonly string[]): Element[] {
  if (offer.mechanisms.length === 0) return [];
  const features = [
    xml('mechanisms', { xmlns: NS.sasl }, ...offer.mechanisms.map((name) => xml('mechanism', null, name))),
    makeSasl2Feature(offer, bind2),
  ];
  if (offer.bindings.length > 0) features.push(makeChannelBindings(offer.bindings));
  return features;
}

/** XEP-0388 §2.1 with what may stand inline: XEP-0386 §3.1, XEP-0198 §9.2, XEP-0484 §3.1. */
function makeSasl2Feature(offer: SaslOffer, bind2: readonly string[]): Element {
  const features = bind2.map((name) => xml('feature', { var: name }));
  return xml(
    'authentication',
    { xmlns: NS.sasl2 },
    ...offer.mechanisms.map((name) => xml('mechanism', null, name)),
    xml(
      'inline',
      null,
      xml('bind', { xmlns: NS.bind2 }, features.length > 0 && xml('inline', null, ...features)),
      xml('sm', { xmlns: NS.sm }),
      offer.fast.length > 0 &&
        xml('fast', { xmlns: NS.fast }, ...offer.fast.map((name) => xml('mechanism', null, name))),
    ),
  );
}

/** XEP-0440 §2. */
function makeChannelBindings(types: readonly string[]): Element {
  return xml(
    'sasl-channel-binding',
    { xmlns: NS.saslChannelBinding },
    ...types.map((type) => xml('channel-binding', { type })),
  );
}

/** XEP-0478 §3.1; undefined when nothing is limited. */
function makeLimits(limits: Readonly<ParserLimits>, idle: number): Element | undefined {
  if (limits.stanzaBytes === 0 && idle === 0) return undefined;
  return xml(
    'limits',
    { xmlns: NS.streamLimits },
    limits.stanzaBytes > 0 && xml('max-bytes', null, String(limits.stanzaBytes)),
    idle > 0 && xml('idle-seconds', null, String(Math.ceil(idle / 1000))),
  );
}
