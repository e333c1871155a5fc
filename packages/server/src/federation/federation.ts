import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Element, NS, StreamError } from '@tutti/xmpp';
import { Gate } from '../gate.ts';
import { AddressLimits } from '../stream/net/address-limits.ts';
import type { Channel, Receive, Settled } from './channel.ts';
import { type FederationEnvironment, makeResolver } from './environment.ts';
import { joinFailures, LinkFailure, toLinkFailure } from './failure.ts';
import { IncomingStream, type IncomingHost } from './incoming.ts';
import {
  type Authenticated,
  authenticate,
  prepareStream,
  type Prepared,
  type Route,
  type Trace,
  verifyKey,
} from './negotiation.ts';
import { OutgoingStream } from './outgoing.ts';
import { isSettling, nameOf, type Pair } from './pair.ts';
import { type DomainPolicy, readPolicy } from './policy.ts';
import { RecentFailures } from './recent-failures.ts';
import type { Link } from './remote.ts';
import { Verifications } from './verifications.ts';

/** A connection to or from another server, for people. */
export interface ConnectionReport {
  readonly direction: 'in' | 'out';
  readonly local: string;
  readonly remote: string;
  readonly state: 'open' | 'connecting';
  /** Stanzas that wait, or are not acknowledged. */
  readonly waiting: number;
}

/** Places that are tried one after the other: whoever owns a domain can name thousands of them. */
const MAX_TARGETS = 16;

/** After an end that was about one of several stanzas, so many go one by one. */
const CAREFUL = 256;

/** All connections with other servers. */
export class Federation implements Link, IncomingHost {
  readonly addresses: AddressLimits;
  readonly receive: Receive;
  readonly #env: FederationEnvironment;
  readonly #pairs = new Map<string, Pair>();
  readonly #incoming = new Set<IncomingStream>();
  readonly #outgoing = new Set<OutgoingStream>();
  readonly #failures: RecentFailures;
  /** Sockets that are no streams yet: connecting, or in a handshake, or being negotiated by us. */
  readonly #underWay = new Set<Socket>();
  /** Pairs of domains whose stanzas go one by one for a while, and for how many yet. */
  readonly #careful = new Map<string, number>();
  /** One user can write to thousands of domains. */
  readonly #making: Gate;
  readonly #verifications = new Verifications();
  #stopping = false;
  #whenEmpty: (() => void) | undefined;

  /** @param receive takes what comes from other servers; `from` is checked */
  constructor(env: FederationEnvironment, receive: Receive) {
    this.#env = env;
    this.receive = receive;
    this.#making = new Gate(() => env.config().s2s.connecting);
    this.#failures = new RecentFailures(env.clock, () => env.config().s2s.retryPause * 1000);
    this.addresses = new AddressLimits({
      get perAddress() {
        return env.config().s2s.connectionsPerAddress;
      },
      unauthenticatedPerAddress: 0,
      get unauthenticated() {
        return env.config().s2s.unauthenticatedConnections;
      },
      refused: () => env.metrics.s2sFailures.policy.inc(),
    });
  }

  send(from: string, to: string, stanza: Element, settled: Settled): void {
    const pair = this.#pair(from, to);
    if (pair.channel?.isOpen === true) {
      const { queueBytes } = this.#env.config().s2s;
      const bytes = pair.channel.unsettledBytes + pair.waitingBytes;
      if (queueBytes > 0 && bytes >= queueBytes) return this.#refuse(settled, queueFull(to));
      if (!this.#careful.has(nameOf(from, to))) return pair.channel.send(stanza, settled);
      this.#wait(pair, stanza, settled);
      return this.#sendWaiting(pair, pair.channel);
    }
    // RFC 6120 §10.1: what may be sent again must not be overtaken on another connection.
    if (isSettling(pair))
      return this.#refuse(settled, new LinkFailure('closed', `the connection with ${to} is being closed`));
    const spare = pair.connecting ? undefined : this.#findSpare(pair);
    if (spare !== undefined) {
      pair.channel = spare;
      return this.send(from, to, stanza, settled);
    }
    const failure = this.#explainRefusal(pair);
    if (failure !== undefined) {
      this.#forget(pair);
      return this.#refuse(settled, failure);
    }
    this.#wait(pair, stanza, settled);
    if (!pair.connecting) void this.#connect(pair);
  }

  /** A domain that failed a moment ago may be tried again now. */
  retry(to: string): void {
    this.#failures.remove(to);
  }

  /** Takes a connection of another server. @param secure with direct TLS: after the handshake */
  accept(socket: Socket, secure?: TLSSocket): void {
    const stream = new IncomingStream(socket, secure, this.#env, this);
    this.#incoming.add(stream);
    if (this.#stopping) stream.stream.close(new StreamError('system-shutdown'));
  }

  /** The same with direct TLS, before the handshake. */
  async acceptTls(socket: Socket): Promise<void> {
    const { metrics, logger, tls } = this.#env;
    // An error is followed by 'close'
    socket.on('error', () => undefined);
    const admission = this.addresses.enter(socket.remoteAddress ?? '');
    if (admission === undefined) {
      socket.destroy();
      return;
    }
    const address = socket.remoteAddress;
    this.#track(socket);
    try {
      const secure = await tls.accept(socket);
      admission.leave();
      this.accept(socket, secure);
    } catch (error) {
      admission.leave();
      const { reason, message } = toLinkFailure(error);
      metrics.s2sFailures[reason].inc();
      logger.info({ direction: 'in', address, reason, detail: message }, 's2s: not connected');
    } finally {
      this.#underWay.delete(socket);
    }
  }

  verify({ local, remote, streamId, key, address }: Parameters<IncomingHost['verify']>[0]): Promise<boolean> {
    const route = { from: local, to: remote, policy: this.#policy(remote), track: this.#track };
    return this.#verifications.run(address, async () =>
      verifyKey(await this.#prepare(route, () => undefined), route, streamId, key),
    );
  }

  opened(local: string, remote: string, channel: Channel): void {
    const pair = this.#pair(local, remote);
    if (pair.channel?.isOpen !== true && !isSettling(pair)) this.#use(pair, channel);
  }

  closed(stream: IncomingStream, channel: Channel, failure: LinkFailure): void {
    this.#incoming.delete(stream);
    for (const { local, remote } of stream.pairs) {
      const pair = this.#pairs.get(nameOf(local, remote));
      if (pair !== undefined) this.#lose(pair, channel, failure);
    }
    this.#tellEmpty();
  }

  /** Every connection, for people. */
  *connections(): Iterable<ConnectionReport> {
    for (const stream of this.#incoming) {
      for (const pair of stream.pairs) yield { direction: 'in', ...pair, state: 'open', waiting: 0 };
    }
    for (const { route, channel } of this.#outgoing) {
      yield { direction: 'out', local: route.from, remote: route.to, state: 'open', waiting: channel.unsettled };
    }
    for (const { from, to, connecting, waiting } of this.#pairs.values()) {
      if (connecting) yield { direction: 'out', local: from, remote: to, state: 'connecting', waiting: waiting.length };
    }
  }

  /** RFC 6120 §4.9.3.22: closes all streams, and those that still come; resolves when they are gone. What waits fails, and may be sent again. */
  stop(): Promise<void> {
    this.#stopping = true;
    const error = new StreamError('system-shutdown');
    for (const { stream } of this.#incoming) stream.close(error);
    for (const { channel } of this.#outgoing) channel.stream.close(error);
    for (const socket of this.#underWay) socket.destroy();
    for (const pair of this.#pairs.values()) this.#fail(pair, new LinkFailure('closed', 'the server is stopping'));
    if (this.#isEmpty) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
    });
  }

  readonly #track = (socket: Socket): void => {
    this.#underWay.add(socket);
    socket.once('close', () => this.#underWay.delete(socket));
    if (this.#stopping) socket.destroy();
  };

  readonly #policy = (domain: string): DomainPolicy => readPolicy(this.#env.config().s2s, domain);

  #pair(from: string, to: string): Pair {
    const name = nameOf(from, to);
    let pair = this.#pairs.get(name);
    if (pair === undefined) {
      pair = { from, to, waiting: [], waitingBytes: 0, channel: undefined, connecting: false };
      this.#pairs.set(name, pair);
    }
    return pair;
  }

  /** A connection of ours that was not needed when it was made. */
  #findSpare({ from, to }: Pair): Channel | undefined {
    for (const { route, channel } of this.#outgoing) {
      if (route.from === from && route.to === to && channel.isOpen) return channel;
    }
    return undefined;
  }

  #forget(pair: Pair): void {
    if (pair.channel?.isOpen === true || pair.connecting || pair.waiting.length > 0) return;
    this.#pairs.delete(nameOf(pair.from, pair.to));
  }

  /** Why a stanza cannot even wait. */
  #explainRefusal({ to, waitingBytes, connecting }: Pair): LinkFailure | undefined {
    const { queueBytes } = this.#env.config().s2s;
    const { refusal } = this.#policy(to);
    if (refusal !== undefined) return new LinkFailure('policy', refusal);
    if (this.#stopping) return new LinkFailure('closed', 'the server is stopping');
    if (queueBytes > 0 && waitingBytes >= queueBytes) return queueFull(to);
    return connecting ? undefined : this.#failures.find(to);
  }

  #refuse(settled: Settled, failure: LinkFailure): void {
    this.#env.metrics.s2sFailures[failure.reason].inc();
    queueMicrotask(() => settled(failure.toRemoteFailure()));
  }

  async #connect(pair: Pair): Promise<void> {
    const { from, to } = pair;
    const { logger, metrics } = this.#env;
    pair.connecting = true;
    const sockets: Socket[] = [];
    const track = (socket: Socket): void => {
      sockets.push(socket);
      this.#track(socket);
    };
    metrics.s2sConnections.out_pending.inc();
    const trace: Trace = ({ name, text }) =>
      logger.debug({ local: from, remote: to, step: name, detail: text }, 's2s: connecting');
    try {
      const route = { from, to, policy: this.#policy(to), track };
      const { prepared, authenticated } = await this.#making.pass(() => this.#make(route, trace));
      pair.connecting = false;
      for (const socket of sockets) this.#underWay.delete(socket);
      this.#failures.remove(to);
      this.#open(pair, prepared, authenticated, route);
    } catch (error) {
      pair.connecting = false;
      const failure = toLinkFailure(error);
      metrics.s2sFailures[failure.reason].inc();
      this.#failures.add(to, failure);
      logger.info(
        { direction: 'out', local: from, remote: to, reason: failure.reason, detail: failure.message },
        's2s: not connected',
      );
      this.#fail(pair, failure);
    } finally {
      metrics.s2sConnections.out_pending.dec();
      this.#tellEmpty();
    }
  }

  async #make(route: Route, trace: Trace): Promise<{ prepared: Prepared; authenticated: Authenticated }> {
    if (this.#stopping) throw new LinkFailure('closed', 'the server is stopping');
    const prepared = await this.#prepare(route, trace);
    return { prepared, authenticated: await authenticate(prepared, route, this.#env, trace) };
  }

  /** The first target that answers as it should. */
  async #prepare(route: Route, trace: Trace): Promise<Prepared> {
    const resolver = makeResolver(this.#env);
    const targets = route.policy.target === undefined ? await resolver.targets(route.to) : [route.policy.target];
    const failures: LinkFailure[] = [];
    for (const target of targets.slice(0, MAX_TARGETS)) {
      try {
        return await prepareStream(route, target, resolver, this.#env, trace);
      } catch (error) {
        const failure = toLinkFailure(error);
        trace({ name: 'connect', text: `${target.host}:${target.port}: ${failure.message}`, isWeak: true });
        failures.push(failure);
      }
    }
    throw joinFailures(failures);
  }

  #open(pair: Pair, prepared: Prepared, authenticated: Authenticated, route: Route): void {
    const { logger, metrics } = this.#env;
    const { method, bidi } = authenticated;
    const fields = {
      direction: 'out',
      local: route.from,
      remote: route.to,
      address: prepared.dialogue.stream.transport.address,
    };
    const onClosed = (failure: LinkFailure): void => {
      metrics.s2sConnections.out.dec();
      logger.info({ ...fields, reason: failure.reason, detail: failure.message }, 's2s: disconnected');
      this.#outgoing.delete(stream);
      this.#lose(pair, stream.channel, failure);
      this.#tellEmpty();
    };
    metrics.s2sConnections.out.inc();
    metrics.s2sAuthenticated[`${method}_out`].inc();
    const tls = prepared.dialogue.stream.transport.tls?.protocol ?? 'none';
    logger.info({ ...fields, method, tls, bidi }, 's2s: connected');
    const stream: OutgoingStream = new OutgoingStream(
      prepared,
      authenticated,
      route,
      this.#env,
      this.receive,
      (failure) => onClosed(failure),
    );
    this.#outgoing.add(stream);
    if (this.#stopping) stream.channel.stream.close(new StreamError('system-shutdown'));
    // RFC 6120 §10.1: a connection that they have made meanwhile is in use already, or what went over it is not settled.
    if (pair.channel?.isOpen === true) return;
    if (isSettling(pair))
      this.#fail(pair, new LinkFailure('closed', `another connection with ${pair.to} is being closed`));
    else this.#use(pair, stream.channel);
  }

  #wait(pair: Pair, stanza: Element, settled: Settled): void {
    const bytes = stanza.toBytes(NS.client).length;
    pair.waiting.push({ stanza, bytes, settled });
    pair.waitingBytes += bytes;
  }

  /** What waits goes first, in order. */
  #use(pair: Pair, channel: Channel): void {
    pair.channel = channel;
    this.#sendWaiting(pair, channel);
  }

  #sendWaiting(pair: Pair, channel: Channel): void {
    const name = nameOf(pair.from, pair.to);
    while (channel.isOpen && !(this.#careful.has(name) && channel.unsettled > 0)) {
      const next = pair.waiting.shift();
      if (next === undefined) return;
      pair.waitingBytes -= next.bytes;
      channel.send(next.stanza, (failure) => {
        next.settled(failure);
        if (failure !== undefined) return;
        const left = (this.#careful.get(name) ?? 1) - 1;
        if (left > 0) this.#careful.set(name, left);
        else this.#careful.delete(name);
        this.#sendWaiting(pair, channel);
      });
    }
  }

  /** A connection is over: what has waited for what was lost with it may not overtake it (RFC 6120 §10.1). */
  #lose(pair: Pair, channel: Channel, failure: LinkFailure): void {
    // Which of several it was about is found out by sending them one by one.
    if (failure.isAboutContent && channel.lost > 1) this.#careful.set(nameOf(pair.from, pair.to), CAREFUL);
    if (pair.channel === channel) {
      pair.channel = undefined;
      this.#fail(pair, new LinkFailure(failure.reason, failure.message, true));
    }
    this.#forget(pair);
  }

  #fail(pair: Pair, failure: LinkFailure): void {
    pair.waitingBytes = 0;
    const waiting = pair.waiting.splice(0);
    this.#forget(pair);
    for (const { settled } of waiting) settled(failure.toRemoteFailure());
  }

  get #isEmpty(): boolean {
    // Who is just connecting finds out when it is done.
    return this.#incoming.size === 0 && this.#outgoing.size === 0;
  }

  #tellEmpty(): void {
    if (this.#isEmpty) this.#whenEmpty?.();
  }
}

function queueFull(to: string): LinkFailure {
  return new LinkFailure('queue', `too much waits for ${to}`);
}
