import { type Element, NS, StanzaError, StreamError } from '@tutti/xmpp';
import { Channel, type Receive } from './channel.ts';
import { writeAnswer } from './dialback.ts';
import { answerVerification, readPair } from './dialback-answers.ts';
import type { FederationEnvironment } from './environment.ts';
import type { LinkFailure } from './failure.ts';
import { readAddresses } from './incoming.ts';
import type { Authenticated, Prepared, Route } from './negotiation.ts';
import { isStanza, type PeerStreamHandler } from './peer-stream.ts';

/** A stream that we have begun, when everything is negotiated. */
export class OutgoingStream implements PeerStreamHandler {
  readonly channel: Channel;
  readonly route: Route;
  readonly #env: FederationEnvironment;
  readonly #bidi: boolean;
  readonly #onClosed: (failure: LinkFailure) => void;

  constructor(
    prepared: Prepared,
    { bidi, features }: Authenticated,
    route: Route,
    env: FederationEnvironment,
    receive: Receive,
    onClosed: (failure: LinkFailure) => void,
  ) {
    const { dialogue } = prepared;
    this.route = route;
    this.#env = env;
    this.#bidi = bidi;
    this.#onClosed = onClosed;
    this.channel = new Channel(dialogue.stream, env, receive);
    this.channel.begin();
    this.channel.maxBytes = readMaxBytes(features);
    if (features.child('sm', NS.sm) !== undefined) this.channel.enable();
    dialogue.handOver(this);
  }

  opened(): void {
    throw new StreamError('bad-format', 'The stream is open already');
  }

  received(element: Element): Promise<void> | void {
    if (isStanza(element)) return this.#receiveStanza(element);
    if (element.ns === NS.dialback) return this.#receiveDialback(element);
    if (this.channel.receiveManagement(element) || element.is('features', NS.stream)) return;
    throw new StreamError('unsupported-stanza-type');
  }

  drained(): void {
    this.channel.drained();
  }

  closed(failure: LinkFailure): void {
    this.channel.closed(failure);
    this.#onClosed(failure);
  }

  /** XEP-0288 §2.2: the other way the same pair of domains, and no other. */
  #receiveStanza(stanza: Element): Promise<void> | undefined {
    if (!this.#bidi) throw new StreamError('not-authorized', 'This stream is for one direction only.');
    const { from, to } = readAddresses(stanza);
    if (to.domain !== this.route.from)
      throw new StreamError(this.#env.isLocalDomain(to.domain) ? 'improper-addressing' : 'host-unknown');
    if (from.domain !== this.route.to) throw new StreamError('invalid-from');
    return this.channel.receive(stanza);
  }

  #receiveDialback(element: Element): void {
    // XEP-0220 §4.1: an answer that nobody waits for is not heeded.
    if (element.attrs['type'] !== undefined) return;
    const pair = readPair(element);
    if (pair === undefined) throw new StreamError('improper-addressing');
    const answer =
      element.name === 'verify'
        ? answerVerification(element, this.#env)
        : // XEP-0288 §2.2: more domains may be asked for here; they have to come on a stream of their own.
          writeAnswer('result', { from: pair.to, to: pair.from }, new StanzaError('resource-constraint'));
    if (answer !== undefined) this.channel.stream.sendText(answer);
  }
}

/** XEP-0478 §3.1: the largest stanza that is taken; 0 = nothing is said about it. */
function readMaxBytes(features: Element): number {
  const text = features.child('limits', NS.streamLimits)?.child('max-bytes')?.text() ?? '';
  return /^\d{1,15}$/.test(text.trim()) ? Number(text) : 0;
}
