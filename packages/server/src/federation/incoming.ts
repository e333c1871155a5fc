import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Element, JID, NS, StanzaError, StreamError, xml } from '@tutti/xmpp';
import { randomId, type Timer } from '../environment.ts';
import type { AddressLimits, Admission } from '../stream/net/address-limits.ts';
import { SocketTransport } from '../stream/net/socket-transport.ts';
import { explainRefusal, readPeerCertificate } from './certificate.ts';
import { Channel, type Receive } from './channel.ts';
import { writeAnswer } from './dialback.ts';
import { answerVerification, readPair } from './dialback-answers.ts';
import { type FederationEnvironment, LINGER_MS } from './environment.ts';
import { LinkFailure, toLinkFailure } from './failure.ts';
import { type IncomingState, makeFeatures } from './incoming-features.ts';
import { isStanza, PeerStream, type PeerStreamHandler } from './peer-stream.ts';
import { readPolicy } from './policy.ts';

/** RFC 6120 §4.7.3: unguessable, for the keys of dialback rest on it. 132 bits. */
const ID_LENGTH = 22;
/** Keys of one stream that are being verified at a time. */
const MAX_VERIFICATIONS = 4;

/** What a stream that another server has begun needs of the rest. */
export interface IncomingHost {
  readonly addresses: AddressLimits;
  readonly receive: Receive;
  /** Asks the server of `remote` whether the key is its own; rejects with LinkFailure when it can't be asked. */
  verify(claim: {
    readonly local: string;
    readonly remote: string;
    readonly streamId: string;
    readonly key: string;
    /** Where the stream comes from. */
    readonly address: string;
  }): Promise<boolean>;
  /** The other server may be sent stanzas over this stream as well (XEP-0288). */
  opened(local: string, remote: string, channel: Channel): void;
  closed(stream: IncomingStream, channel: Channel, failure: LinkFailure): void;
}

/** A stream that another server has begun: RFC 6120, XEP-0178, XEP-0220, XEP-0288. */
export class IncomingStream implements PeerStreamHandler {
  readonly stream: PeerStream;
  readonly address: string;
  readonly #env: FederationEnvironment;
  readonly #host: IncomingHost;
  readonly #channel: Channel;
  readonly #admission: Admission | undefined;
  /** "remote local", as proved. */
  readonly #pairs = new Set<string>();
  readonly #verifying = new Set<string>();
  #secure: TLSSocket | undefined;
  #local = '';
  #remote: string | undefined;
  #streamId = '';
  #bidi = false;
  /** What SASL EXTERNAL has proved. */
  #proved: string | undefined;
  /** It came to ask about a key of ours, not to send. */
  #hasAsked = false;
  #timer: Timer | undefined;

  /** @param secure of a connection with direct TLS, after its handshake */
  constructor(socket: Socket, secure: TLSSocket | undefined, env: FederationEnvironment, host: IncomingHost) {
    this.#env = env;
    this.#host = host;
    this.#secure = secure;
    const transport = new SocketTransport(secure ?? socket, {
      clock: env.clock,
      lingerTime: LINGER_MS,
      upgrade: async (plain) => {
        this.#secure = await env.tls.accept(plain, this.#local);
        return this.#secure;
      },
    });
    this.address = transport.address;
    this.stream = new PeerStream(transport, env, this);
    this.#channel = new Channel(this.stream, env, host.receive);
    this.#admission = host.addresses.enter(this.address);
    env.metrics.s2sConnections.in_pending.inc();
    const { unauthenticatedTimeout } = env.config().limits;
    if (unauthenticatedTimeout > 0) {
      this.#timer = env.clock.after(unauthenticatedTimeout * 1000, () => {
        this.stream.close(
          new StreamError('connection-timeout'),
          new LinkFailure('timeout', 'it did not prove who it is in time'),
        );
      });
    }
    if (this.#admission === undefined)
      this.stream.close(new StreamError('resource-constraint', 'Too many connections'));
  }

  /** Whom it speaks for, and with whom; empty before it has proved it. */
  get pairs(): readonly { readonly local: string; readonly remote: string }[] {
    return [...this.#pairs].map((pair) => {
      const [remote = '', local = ''] = pair.split(' ');
      return { local, remote };
    });
  }

  opened({ attrs }: Element): void {
    const { env, policy } = { env: this.#env, policy: this.#policy };
    if (attrs['to'] === undefined) throw new StreamError('improper-addressing', "The header needs a 'to' attribute");
    const local = JID.tryParse(attrs['to'])?.toString();
    if (local === undefined || !env.isLocalDomain(local)) throw new StreamError('host-unknown');
    const remote = attrs['from'] === undefined || attrs['from'] === '' ? undefined : readRemote(attrs['from'], env);
    // After a restart it is still for the same domain, and from the one that was proved (RFC 6120 §4.9.3.9).
    if (this.#proved !== undefined && (remote !== this.#proved || local !== this.#local))
      throw new StreamError('invalid-from');
    this.#local = local;
    this.#remote = remote;
    this.#streamId = randomId(env.random, ID_LENGTH);
    this.stream.writeHeader({ from: local, to: remote ?? '', id: this.#streamId });
    const refusal = remote === undefined ? undefined : policy(remote).refusal;
    if (refusal !== undefined) {
      return this.stream.close(
        new StreamError('policy-violation', 'This server does not speak with yours.'),
        new LinkFailure('policy', refusal),
      );
    }
    this.stream.sendStreamElement(makeFeatures(this.#describe(), env.config()));
    // XEP-0288 §2.2: with SASL the new stream has to be open before anything goes the other way.
    if (this.#proved !== undefined && this.#bidi) this.#host.opened(local, this.#proved, this.#channel);
  }

  received(element: Element): Promise<void> | void {
    if (isStanza(element)) return this.#receiveStanza(element);
    const { name, ns } = element;
    if (ns === NS.tls && name === 'starttls') return this.#startTls();
    if (ns === NS.sasl && name === 'auth') return this.#authenticate(element);
    if (ns === NS.dialback) return this.#receiveDialback(element);
    if (ns === NS.bidi && name === 'bidi') return this.#enableBidi();
    if (ns === NS.sm && this.#pairs.size === 0) {
      return this.stream.send(xml('failed', { xmlns: NS.sm }, xml('unexpected-request', { xmlns: NS.stanzas })));
    }
    if (this.#channel.receiveManagement(element)) return;
    throw new StreamError('unsupported-stanza-type');
  }

  drained(): void {
    this.#channel.drained();
  }

  closed(failure: LinkFailure): void {
    this.#timer?.cancel();
    this.#admission?.leave();
    const { s2sConnections, s2sFailures } = this.#env.metrics;
    s2sConnections[this.#isAuthenticated ? 'in' : 'in_pending'].dec();
    const { reason, message: detail } = failure;
    const fields = { direction: 'in', address: this.address, local: this.#local, remote: this.#remote, reason, detail };
    if (this.#isAuthenticated) this.#env.logger.info(fields, 's2s: disconnected');
    else if (this.#hasAsked && reason === 'closed') this.#env.logger.debug(fields, 's2s: asked about a dialback key');
    else {
      s2sFailures[reason].inc();
      this.#env.logger.info(fields, 's2s: not connected');
    }
    this.#channel.closed(failure);
    this.#host.closed(this, this.#channel, failure);
  }

  get #isAuthenticated(): boolean {
    return this.#pairs.size > 0;
  }

  readonly #policy = (domain: string) => readPolicy(this.#env.config().s2s, domain);

  #describe(): IncomingState {
    const { requireTls } = this.#remote === undefined ? { requireTls: true } : this.#policy(this.#remote);
    return {
      isEncrypted: this.#secure !== undefined,
      isAuthenticated: this.#isAuthenticated,
      requireTls,
      isCertificateGood: this.#explainCertificate() === undefined,
    };
  }

  /** Why the certificate does not prove that the other side is who it says; undefined: it does. */
  #explainCertificate(): string | undefined {
    if (this.#secure === undefined) return 'it is not encrypted';
    if (this.#remote === undefined) return 'it has not said who it is';
    return explainRefusal(readPeerCertificate(this.#secure), this.#remote);
  }

  async #startTls(): Promise<void> {
    if (this.#secure !== undefined || this.#isAuthenticated) throw new StreamError('policy-violation', 'Out of order');
    // RFC 6120 §5.4.3.3: nothing that came in clear may be taken for something that came encrypted.
    if (!this.stream.isDrained) throw new StreamError('policy-violation', 'Something came behind <starttls/>');
    this.stream.send(xml('proceed', { xmlns: NS.tls }));
    await this.stream.encrypt();
  }

  /** XEP-0178 §3. */
  #authenticate(element: Element): void {
    if (this.#proved !== undefined) throw new StreamError('policy-violation', 'Out of order');
    const fail = (condition: string): void => this.stream.send(xml('failure', { xmlns: NS.sasl }, xml(condition)));
    const isOffered = this.#env.config().s2s.authentication.includes('external');
    if (element.attrs['mechanism'] !== 'EXTERNAL' || !isOffered) return fail('invalid-mechanism');
    const refusal = this.#explainCertificate();
    const remote = this.#remote;
    if (refusal !== undefined || remote === undefined) {
      this.#env.logger.info({ address: this.address, remote, detail: refusal }, 's2s: certificate refused');
      return fail('not-authorized');
    }
    const text = element.text().trim();
    const identity =
      text === '' || text === '=' ? remote : JID.tryParse(Buffer.from(text, 'base64').toString())?.toString();
    if (identity !== remote) return fail('invalid-authzid');
    this.#proved = remote;
    this.stream.send(xml('success', { xmlns: NS.sasl }));
    this.#prove(remote, this.#local, 'external');
    this.stream.restart();
  }

  /** XEP-0288 §2.2. */
  #enableBidi(): void {
    if (this.#isAuthenticated || this.#secure === undefined || !this.#env.config().s2s.bidi) {
      throw new StreamError('policy-violation', 'Out of order');
    }
    this.#bidi = true;
  }

  #receiveDialback(element: Element): void {
    // XEP-0220 §4.1: an answer that nobody waits for is not heeded.
    if (element.attrs['type'] !== undefined) return;
    if (element.name === 'verify') {
      const answer = answerVerification(element, this.#env);
      if (answer === undefined) throw new StreamError('improper-addressing');
      this.#hasAsked = true;
      return this.stream.sendText(answer);
    }
    if (element.name !== 'result') throw new StreamError('unsupported-stanza-type');
    const pair = readPair(element);
    if (pair === undefined) throw new StreamError('improper-addressing');
    const { from: remote, to: local } = pair;
    const problem = this.#refuseDialback(remote, local);
    if (problem !== undefined) {
      this.#env.metrics.s2sFailures.policy.inc();
      return this.stream.sendText(writeAnswer('result', { from: local, to: remote }, problem));
    }
    void this.#verify(remote, local, element.text().trim());
  }

  /** XEP-0220 §2.2.1, before the authoritative server is asked. */
  #refuseDialback(remote: string, local: string): StanzaError | undefined {
    const { isLocalDomain, config } = this.#env;
    const { authentication, domainsPerConnection: limit } = config().s2s;
    if (!isLocalDomain(local)) return new StanzaError('item-not-found');
    const { refusal, requireTls } = this.#policy(remote);
    if (refusal !== undefined || isLocalDomain(remote)) return new StanzaError('policy-violation');
    if (!authentication.includes('dialback')) return new StanzaError('not-allowed');
    if (requireTls && this.#secure === undefined)
      return new StanzaError('policy-violation', { text: 'TLS is required.' });
    const isFull =
      limit > 0 && this.#pairs.size + this.#verifying.size >= limit && !this.#pairs.has(`${remote} ${local}`);
    if (isFull || this.#verifying.size >= MAX_VERIFICATIONS)
      return new StanzaError('resource-constraint', { type: 'wait' });
    return undefined;
  }

  async #verify(remote: string, local: string, key: string): Promise<void> {
    const pair = `${remote} ${local}`;
    if (this.#verifying.has(pair)) return;
    this.#verifying.add(pair);
    const fields = { from: local, to: remote };
    try {
      const isValid = await this.#host.verify({ local, remote, streamId: this.#streamId, key, address: this.address });
      if (!this.stream.isOpen) return;
      this.stream.sendText(writeAnswer('result', fields, isValid ? 'valid' : 'invalid'));
      if (isValid) return this.#prove(remote, local, 'dialback');
      // XEP-0220 §2.2.1: somebody poses as this domain.
      const failure = new LinkFailure('authentication', `${remote} does not know its dialback key`);
      this.#env.logger.warn({ address: this.address, local, remote }, 's2s: a forged dialback key');
      if (this.#isAuthenticated) this.#env.metrics.s2sFailures.authentication.inc();
      else this.stream.close(undefined, failure);
    } catch (error) {
      const failure = toLinkFailure(error);
      this.#env.logger.info(
        { address: this.address, local, remote, reason: failure.reason, detail: failure.message },
        's2s: cannot verify a dialback key',
      );
      this.stream.sendText(writeAnswer('result', fields, toDialbackError(failure)));
    } finally {
      this.#verifying.delete(pair);
    }
  }

  /** The other side speaks for this domain. */
  #prove(remote: string, local: string, method: 'external' | 'dialback'): void {
    const { metrics, logger } = this.#env;
    if (!this.#isAuthenticated) {
      this.#timer?.cancel();
      this.#admission?.authenticated();
      metrics.s2sConnections.in_pending.dec();
      metrics.s2sConnections.in.inc();
      this.#channel.begin();
    }
    this.#pairs.add(`${remote} ${local}`);
    metrics.s2sAuthenticated[`${method}_in`].inc();
    const tls = this.#secure?.getProtocol() ?? 'none';
    logger.info(
      { direction: 'in', address: this.address, local, remote, method, tls, bidi: this.#bidi },
      's2s: connected',
    );
    if (this.#bidi && method === 'dialback') this.#host.opened(local, remote, this.#channel);
  }

  /** RFC 6120 §8.1.1.2, §8.1.2.2: addresses are there, and of the domains that were proved. */
  #receiveStanza(stanza: Element): Promise<void> | undefined {
    if (!this.#isAuthenticated) throw new StreamError('not-authorized');
    const { from, to } = readAddresses(stanza);
    if (!this.#env.isLocalDomain(to.domain)) throw new StreamError('host-unknown');
    if (!this.#pairs.has(`${from.domain} ${to.domain}`)) throw new StreamError('invalid-from');
    return this.#channel.receive(stanza);
  }
}

/** The addresses of a stanza between servers. Throws StreamError (RFC 6120 §4.9.3.7). */
export function readAddresses({ attrs }: Element): { readonly from: JID; readonly to: JID } {
  const from = JID.tryParse(attrs['from'] ?? '');
  const to = JID.tryParse(attrs['to'] ?? '');
  if (from === undefined || to === undefined) throw new StreamError('improper-addressing');
  return { from, to };
}

/** RFC 6120 §4.7.1: a domain, and not one of ours. */
function readRemote(text: string, { isLocalDomain }: FederationEnvironment): string {
  const jid = JID.tryParse(text);
  if (jid?.isDomain !== true || isLocalDomain(jid.domain)) throw new StreamError('invalid-from');
  return jid.domain;
}

/** XEP-0220 §2.4. */
function toDialbackError({ reason }: LinkFailure): StanzaError {
  if (reason === 'certificate' || reason === 'policy') return new StanzaError('policy-violation');
  return new StanzaError(reason === 'timeout' ? 'remote-server-timeout' : 'remote-server-not-found');
}
