import { type Element, NS, SaslError } from '@tutti/xmpp';
import type { Identity } from '../host.ts';
import { FAST_MECHANISMS, type FastMechanism } from './offer.ts';
import { decodeBase64 } from './text.ts';

/** XEP-0388 §2.3 `<authenticate/>`, with what may stand in it. */
export interface Sasl2Request {
  readonly mechanism: string;
  readonly initial: Uint8Array | undefined;
  readonly agent: NonNullable<Identity['agent']> | undefined;
  /** XEP-0386 §3.2. */
  readonly bind: Element | undefined;
  /** XEP-0198 §9.2. */
  readonly resume: Element | undefined;
  /** XEP-0484 §3.4: the mechanism uses a token. */
  readonly fast: { readonly count: number | undefined; readonly invalidate: boolean } | undefined;
  /** XEP-0484 §3.2. */
  readonly requestToken: FastMechanism | undefined;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** The longest name of a software or device that is kept. */
const MAX_AGENT_TEXT = 256;

/** Reads the request; throws SaslError('malformed-request'), SaslError('incorrect-encoding'). */
export function readRequest(element: Element): Sasl2Request {
  const initial = element.child('initial-response')?.text();
  return {
    mechanism: element.attrs['mechanism'] ?? '',
    initial: initial === undefined ? undefined : decodeBase64(initial),
    agent: readAgent(element.child('user-agent')),
    bind: element.child('bind', NS.bind2),
    resume: element.child('resume', NS.sm),
    fast: readFast(element.child('fast', NS.fast)),
    requestToken: readTokenRequest(element.child('request-token', NS.fast)),
  };
}

function readAgent(element: Element | undefined): Sasl2Request['agent'] {
  if (element === undefined) return undefined;
  const id = element.attrs['id']?.toLowerCase();
  if (id !== undefined && !UUID.test(id)) throw new SaslError('malformed-request', 'The user agent id is no UUID');
  const software = element.child('software')?.text().slice(0, MAX_AGENT_TEXT);
  const device = element.child('device')?.text().slice(0, MAX_AGENT_TEXT);
  return {
    ...(id !== undefined && { id }),
    ...(software !== undefined && { software }),
    ...(device !== undefined && { device }),
  };
}

function readFast(element: Element | undefined): Sasl2Request['fast'] {
  if (element === undefined) return undefined;
  const { count, invalidate } = element.attrs;
  if (count !== undefined && !/^\d{1,10}$/.test(count)) throw new SaslError('malformed-request', 'Wrong count');
  return {
    count: count === undefined ? undefined : Number(count),
    invalidate: invalidate === 'true' || invalidate === '1',
  };
}

function readTokenRequest(element: Element | undefined): FastMechanism | undefined {
  if (element === undefined) return undefined;
  const mechanism = FAST_MECHANISMS.find((name) => name === element.attrs['mechanism']);
  if (mechanism === undefined) throw new SaslError('malformed-request', 'A token is wanted for an unknown mechanism');
  return mechanism;
}
