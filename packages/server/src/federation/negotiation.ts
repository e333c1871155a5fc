import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Element, JID, NS, xml } from '@tutti/xmpp';
import { SocketTransport } from '../stream/net/socket-transport.ts';
import { explainRefusal, readPeerCertificate } from './certificate.ts';
import { dial } from './dial.ts';
import { explainAnswer, makeKey, writeRequest } from './dialback.ts';
import { Dialogue } from './dialogue.ts';
import { type FederationEnvironment, LINGER_MS } from './environment.ts';
import { LinkFailure } from './failure.ts';
import { withoutLocal } from './local-addresses.ts';
import type { DomainPolicy } from './policy.ts';
import type { DomainResolver } from './resolver.ts';
import type { Target } from './srv.ts';

/** A connection that is wanted. */
export interface Route {
  /** A domain of ours. */
  readonly from: string;
  /** Another server's. */
  readonly to: string;
  readonly policy: DomainPolicy;
  /** Is given every socket at its birth, so that it can be destroyed. */
  readonly track?: (socket: Socket) => void;
}

/** A step on the way to another server, as it was taken. */
export interface Step {
  readonly name: 'address' | 'connect' | 'tls' | 'certificate' | 'features' | 'authentication';
  readonly text: string;
  /** Not good, and yet we went on. */
  readonly isWeak?: boolean;
}

export type Trace = (step: Step) => void;

/** A stream to another server whose identity is proved as far as the policy wants. */
export interface Prepared {
  readonly dialogue: Dialogue;
  readonly features: Element;
  /** Made by the other server, for dialback. */
  readonly streamId: string;
  readonly isEncrypted: boolean;
}

export interface Authenticated {
  readonly method: 'external' | 'dialback';
  /** The features that hold after authentication. */
  readonly features: Element;
  /** Both directions (XEP-0288). */
  readonly bidi: boolean;
}

/**
 * Connects to one target, encrypts, and looks whether it is the server that we want.
 * Rejects with LinkFailure; then nothing is open.
 */
export async function prepareStream(
  route: Route,
  target: Target,
  resolver: DomainResolver,
  env: FederationEnvironment,
  trace: Trace,
): Promise<Prepared> {
  const { from, to } = route;
  const found = await resolver.addresses(target.host);
  // '': a look at ourselves
  const mayBeLocal = from === '' || route.policy.target !== undefined || env.config().s2s.localAddresses;
  const addresses = mayBeLocal ? found : withoutLocal(target.host, found);
  trace({ name: 'address', text: `${target.host} is ${addresses.join(', ')}` });
  const plain = await dial(addresses, target.port, env.config().s2s.connectTimeout * 1000, env.clock, route.track);
  trace({ name: 'connect', text: `connected to ${plain.remoteAddress ?? target.host} port ${target.port}` });
  let secure: TLSSocket | undefined;
  if (target.directTls) secure = await env.tls.connect(plain, from, to);
  const transport = new SocketTransport(secure ?? plain, {
    clock: env.clock,
    lingerTime: LINGER_MS,
    upgrade: async (socket) => {
      secure = await env.tls.connect(socket, from, to);
      return secure;
    },
  });
  const dialogue = new Dialogue(transport, env);
  try {
    let opened = await openStream(dialogue, route);
    if (secure === undefined) opened = (await startTls(dialogue, route, opened.features)) ?? opened;
    checkPeer(secure, target, route, trace);
    trace({ name: 'features', text: describeFeatures(opened.features) });
    return { dialogue, ...opened, isEncrypted: secure !== undefined };
  } catch (error) {
    dialogue.close();
    throw error;
  }
}

/** Proves who we are, by the best way that both sides know. Rejects with LinkFailure; then nothing is open. */
export async function authenticate(
  prepared: Prepared,
  route: Route,
  env: FederationEnvironment,
  trace: Trace,
): Promise<Authenticated> {
  const { dialogue, features, isEncrypted } = prepared;
  try {
    const { authentication, bidi: wantsBidi } = env.config().s2s;
    const bidi = wantsBidi && isEncrypted && features.child('bidi', NS.bidiFeature) !== undefined;
    if (bidi) dialogue.stream.send(xml('bidi', { xmlns: NS.bidi }));
    const isOffered = isEncrypted && listMechanisms(features).includes('EXTERNAL');
    const refusals: string[] = [];
    if (isOffered && authentication.includes('external')) {
      const refusal = await authenticateExternal(dialogue, route);
      if (refusal === undefined) {
        const { features: after } = await openStream(dialogue, route);
        trace({ name: 'authentication', text: 'proved by certificate (SASL EXTERNAL)' });
        return { method: 'external', features: after, bidi };
      }
      refusals.push(refusal);
    }
    if (!authentication.includes('dialback')) refusals.push('dialback is switched off here');
    else {
      const refusal = await authenticateDialback(prepared, route, env);
      if (refusal === undefined) {
        trace({ name: 'authentication', text: 'proved by dialback' });
        return { method: 'dialback', features, bidi };
      }
      refusals.push(refusal);
    }
    throw new LinkFailure('authentication', refusals.join('; '));
  } catch (error) {
    dialogue.close();
    throw error;
  }
}

/** Asks the server of a domain whether a key is its own (XEP-0220 §2.1.2), and closes the stream. Rejects with LinkFailure. */
export async function verifyKey(prepared: Prepared, route: Route, streamId: string, key: string): Promise<boolean> {
  const { dialogue } = prepared;
  const { from, to } = route;
  try {
    dialogue.stream.sendText(writeRequest('verify', { from, to, id: streamId }, key));
    const answer = await awaitDialback(
      dialogue,
      'verify',
      (one) => one.attrs['id'] === streamId && isFor(one, to, from),
    );
    const problem = explainAnswer(answer);
    if (problem !== undefined && answer.attrs['type'] === 'error')
      throw new LinkFailure('authentication', `it answers ${problem}`);
    return problem === undefined;
  } finally {
    dialogue.close();
  }
}

/** RFC 6120 §4.7: headers, then features. */
async function openStream(dialogue: Dialogue, { from, to }: Route): Promise<{ features: Element; streamId: string }> {
  dialogue.stream.writeHeader({ from, to });
  const header = await dialogue.next('stream header');
  const { from: said, id = '' } = header.attrs;
  // RFC 6120 §4.7.1: it has to be the server that we asked for.
  if (said !== undefined && said !== '' && JID.tryParse(said)?.toString() !== to)
    throw new LinkFailure('stream', `it says that it is ${said}`);
  const features = await dialogue.next('stream features');
  if (!features.is('features', NS.stream))
    throw new LinkFailure('stream', `it sent <${features.name}/> in place of its features`);
  return { features, streamId: id };
}

/** RFC 6120 §5; undefined: we go on without, because the policy lets us. */
async function startTls(dialogue: Dialogue, route: Route, features: Element) {
  if (features.child('starttls', NS.tls) === undefined) {
    if (route.policy.requireTls) throw new LinkFailure('tls', 'it does not offer TLS');
    return undefined;
  }
  dialogue.stream.send(xml('starttls', { xmlns: NS.tls }));
  const answer = await dialogue.next('answer to <starttls/>');
  if (!answer.is('proceed', NS.tls)) throw new LinkFailure('tls', `it answered <starttls/> with <${answer.name}/>`);
  await dialogue.encrypt();
  return openStream(dialogue, route);
}

/** RFC 7590 §3.4: the other server proves who it is before anything is entrusted to it. */
function checkPeer(secure: TLSSocket | undefined, target: Target, { to, policy }: Route, trace: Trace): void {
  if (secure === undefined) return trace({ name: 'tls', text: 'not encrypted', isWeak: true });
  const how = target.directTls ? 'direct TLS' : 'STARTTLS';
  trace({ name: 'tls', text: `${how}, ${secure.getProtocol() ?? ''} ${secure.getCipher().standardName}` });
  const peer = readPeerCertificate(secure);
  const refusal = explainRefusal(peer, to);
  const until = peer.certificate?.validToDate.toISOString().slice(0, 10);
  if (refusal === undefined) return trace({ name: 'certificate', text: `good for ${to}, until ${until}` });
  if (policy.requireValidCertificate) throw new LinkFailure('certificate', refusal);
  trace({ name: 'certificate', text: `${refusal}; let pass by the configuration`, isWeak: true });
}

/** XEP-0178 §3. Gives why it was refused; undefined: it was not. */
async function authenticateExternal(dialogue: Dialogue, { from }: Route): Promise<string | undefined> {
  // §3 point 11: the identity is said, for servers of old.
  const identity = Buffer.from(from).toString('base64');
  dialogue.stream.send(xml('auth', { xmlns: NS.sasl, mechanism: 'EXTERNAL' }, identity));
  const answer = await dialogue.next('answer to SASL EXTERNAL');
  if (answer.is('success', NS.sasl)) {
    dialogue.stream.restart();
    return undefined;
  }
  if (!answer.is('failure', NS.sasl)) throw new LinkFailure('stream', `it answered SASL with <${answer.name}/>`);
  return `our certificate was refused (${answer.elements[0]?.name ?? 'without a reason'})`;
}

/** XEP-0220 §2.1.1. Gives why it was refused; undefined: it was not. */
async function authenticateDialback(
  { dialogue, streamId }: Prepared,
  { from, to }: Route,
  { secret }: FederationEnvironment,
): Promise<string | undefined> {
  const key = makeKey(secret, { originating: from, receiving: to, streamId });
  dialogue.stream.sendText(writeRequest('result', { from, to }, key));
  // §4.1: an answer to what was not asked is not heeded.
  const answer = await awaitDialback(dialogue, 'result', (one) => isFor(one, to, from));
  const problem = explainAnswer(answer);
  return problem === undefined ? undefined : `dialback was answered with ${problem}`;
}

/** Waits for an answer of dialback; the other server may have questions of its own meanwhile, which it may not ask here. */
async function awaitDialback(dialogue: Dialogue, name: string, fits: (element: Element) => boolean): Promise<Element> {
  for (;;) {
    const element = await dialogue.next(`answer to <db:${name}/>`);
    const isAnswer = element.is(name, NS.dialback) && element.attrs['type'] !== undefined;
    if (isAnswer && fits(element)) return element;
    if (element.ns !== NS.dialback && !element.is('features', NS.stream))
      throw new LinkFailure('stream', `it answered dialback with <${element.name}/>`);
  }
}

function isFor({ attrs }: Element, from: string, to: string): boolean {
  return JID.tryParse(attrs['from'] ?? '')?.toString() === from && JID.tryParse(attrs['to'] ?? '')?.toString() === to;
}

/** The SASL mechanisms that features offer. */
export function listMechanisms(features: Element): string[] {
  return features.child('mechanisms', NS.sasl)?.elements.map((one) => one.text().trim()) ?? [];
}

function describeFeatures(features: Element): string {
  const names = features.elements.map((one) =>
    one.name === 'mechanisms' ? `SASL ${listMechanisms(features).join(' ')}` : one.name,
  );
  return names.length === 0 ? 'none' : [...new Set(names)].join(', ');
}
