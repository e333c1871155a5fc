import { createHash } from 'node:crypto';
import { type Element, JID, StreamError } from '@tutti/xmpp';
import { type Link, RemoteFailure } from '../federation/remote.ts';
import type { Transport } from '../stream/transport.ts';
import { type ComponentHost, ComponentStream } from './component-stream.ts';
import type { ComponentEnvironment } from './environment.ts';

/** A connection of a component, for people. */
export interface ComponentReport {
  readonly domain: string;
  /** Stanzas that it has not taken. */
  readonly waiting: number;
}

/** The external components (XEP-0114), and their connections. */
export class Components implements Link, ComponentHost {
  readonly receive: ComponentHost['receive'];
  readonly #env: ComponentEnvironment;
  readonly #returned: (domain: string) => void;
  readonly #strangers = new Set<ComponentStream>();
  readonly #streams = new Map<string, { readonly stream: ComponentStream; readonly number: number }[]>();
  #number = 0;
  #stopping = false;

  /**
   * @param receive takes what comes from a component; `from` is checked
   * @param returned told when a component can be reached (again)
   */
  constructor(env: ComponentEnvironment, receive: ComponentHost['receive'], returned: (domain: string) => void) {
    this.#env = env;
    this.receive = receive;
    this.#returned = returned;
  }

  /** Whether that is the domain of a component, connected or not. */
  serves(domain: string): boolean {
    return Object.hasOwn(this.#env.config().components.domains, domain);
  }

  /** Takes a connection. */
  accept(transport: Transport): void {
    const stream = new ComponentStream(transport, this.#env, this);
    const { unauthenticatedConnections } = this.#env.config().components;
    const isFull = unauthenticatedConnections > 0 && this.#strangers.size >= unauthenticatedConnections;
    this.#strangers.add(stream);
    if (this.#stopping) stream.close(new StreamError('system-shutdown'));
    else if (isFull) stream.close(new StreamError('resource-constraint', 'Too many connections'));
  }

  send(_from: string, to: string, stanza: Element, settled: (failure?: RemoteFailure) => void): void {
    const stream = this.#choose(to, stanza.attrs['from'] ?? '');
    if (stream !== undefined) return stream.send(stanza, settled);
    const failure = new RemoteFailure('remote-server-timeout', true, 'the component is not connected');
    queueMicrotask(() => settled(failure));
  }

  opened(stream: ComponentStream): void {
    const { domain = '' } = stream;
    const known = this.#streams.get(domain) ?? [];
    const { connections } = this.#env.config().components;
    if (connections > 0 && known.length >= connections)
      throw new StreamError('resource-constraint', 'Too many connections of this component');
    this.#strangers.delete(stream);
    this.#streams.set(domain, [...known, { stream, number: ++this.#number }]);
    this.#env.metrics.components.inc();
    this.#env.logger.info(
      { component: domain, address: stream.address, connections: known.length + 1 },
      'components: connected',
    );
    // Behind the answer to its handshake.
    queueMicrotask(() => this.#returned(domain));
  }

  closed(stream: ComponentStream): void {
    this.#strangers.delete(stream);
    const { domain = '' } = stream;
    const known = this.#streams.get(domain) ?? [];
    const left = known.filter((one) => one.stream !== stream);
    if (left.length === known.length) return;
    this.#env.metrics.components.dec();
    this.#env.logger.info(
      { component: domain, address: stream.address, connections: left.length },
      'components: disconnected',
    );
    if (left.length === 0) this.#streams.delete(domain);
    else {
      this.#streams.set(domain, left);
      // The others take over at once what it had not read.
      queueMicrotask(() => this.#returned(domain));
    }
  }

  /** Ends the connections of components that are not configured any more. */
  configure(): void {
    for (const [domain, streams] of this.#streams) {
      if (this.serves(domain)) continue;
      for (const { stream } of streams) stream.close(new StreamError('host-gone'));
    }
  }

  /** Every connection, for people. */
  *connections(): Iterable<ComponentReport> {
    for (const [domain, streams] of this.#streams)
      for (const { stream } of streams) yield { domain, waiting: stream.unsettled };
  }

  stop(): void {
    this.#stopping = true;
    const error = new StreamError('system-shutdown');
    for (const stream of this.#strangers) stream.close(error);
    for (const streams of this.#streams.values()) for (const { stream } of streams) stream.close(error);
  }

  /**
   * The same connection for everything of one sender's bare JID, as long as it is there; when connections come or go, only the senders move whose
   * connection that is (rendezvous hashing).
   */
  #choose(domain: string, from: string): ComponentStream | undefined {
    const streams = this.#streams.get(domain) ?? [];
    if (streams.length <= 1) return streams[0]?.stream;
    const sender = JID.tryParse(from)?.bare.toString() ?? from;
    const weigh = ({ number }: { number: number }): string =>
      createHash('sha1').update(`${number} ${sender}`).digest('hex');
    return streams.map((one) => ({ one, weight: weigh(one) })).toSorted((a, b) => (a.weight < b.weight ? 1 : -1))[0]
      ?.one.stream;
  }
}
