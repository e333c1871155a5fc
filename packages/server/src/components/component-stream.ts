import { type Element, JID, NS, StreamError, xml } from '@tutti/xmpp';
import { randomId, type Timer } from '../environment.ts';
import { RemoteFailure } from '../federation/remote.ts';
import { countStanza } from '../observe/metrics.ts';
import { Progress } from '../session/progress.ts';
import { isPeersFault, toStreamError } from '../stream/stream-error.ts';
import type { Transport } from '../stream/transport.ts';
import { Wire, type WireHandler } from '../stream/wire.ts';
import { TokenBucket } from '../token-bucket.ts';
import { type ComponentEnvironment, readLimits } from './environment.ts';
import { COMPONENT_FRAMING } from './framing.ts';
import { isGoodHandshake } from './handshake.ts';

type Settled = (failure?: RemoteFailure) => void;

/** What a stream tells the rest. */
export interface ComponentHost {
  /** The component has proved itself; throws StreamError where it may not have this connection. */
  opened(stream: ComponentStream): void;
  /** The stream is over; also of one that was never opened. */
  closed(stream: ComponentStream): void;
  /** Takes a stanza of the component's; `done` when everything that follows from it is done. A promise: the next one waits. Throws StreamError. */
  receive(stanza: Element, done: () => void): Promise<void> | undefined;
}

/** A connection of an external component: XEP-0114. */
export class ComponentStream implements WireHandler {
  /** The component's domain, once it has proved itself. */
  domain: string | undefined;
  readonly address: string;
  readonly #env: ComponentEnvironment;
  readonly #host: ComponentHost;
  readonly #transport: Transport;
  readonly #wire: Wire;
  readonly #progress = new Progress();
  readonly #bucket: TokenBucket;
  #state: 'header' | 'handshake' | 'open' | 'over' = 'header';
  #wanted = '';
  #streamId = '';
  /** Written, and not yet taken by the operating system. */
  #written: Settled[] = [];
  #loginTimer: Timer | undefined;
  #writeTimer: Timer | undefined;
  #rest: { readonly timer: Timer; readonly wake: () => void } | undefined;

  constructor(transport: Transport, env: ComponentEnvironment, host: ComponentHost) {
    this.#env = env;
    this.#host = host;
    this.#transport = transport;
    this.address = transport.address;
    const config = env.config();
    this.#wire = new Wire(
      transport,
      { clock: env.clock, limits: readLimits(config), framing: COMPONENT_FRAMING },
      this,
    );
    const limits = {
      get rate() {
        return env.config().components.stanzasPerSecond;
      },
      get burst() {
        return env.config().components.stanzasBurst;
      },
    };
    this.#bucket = new TokenBucket(limits, env.clock);
    const { unauthenticatedTimeout } = config.limits;
    if (unauthenticatedTimeout > 0) {
      const timeOut = (): void => this.close(new StreamError('connection-timeout'));
      this.#loginTimer = env.clock.after(unauthenticatedTimeout * 1000, timeOut);
    }
  }

  /** Stanzas that the operating system has not taken. */
  get unsettled(): number {
    return this.#written.length;
  }

  /** `settled` is called when it is written to the connection: the protocol knows no acknowledgement. */
  send(stanza: Element, settled: Settled): void {
    countStanza(this.#env.metrics.componentStanzasOut, stanza.name);
    this.#written.push(settled);
    this.#wire.write(stanza.toBytes(NS.client));
    const { writeTimeout } = this.#env.config().components;
    if (writeTimeout === 0) return;
    this.#writeTimer ??= this.#env.clock.after(writeTimeout * 1000, () => {
      this.#env.logger.warn({ component: this.domain }, 'components: it does not read');
      this.#transport.destroy();
    });
  }

  /** Ends the stream, with an error or well. */
  close(error?: StreamError): void {
    if (this.#state === 'over') return;
    if (this.#state === 'header') this.#sendHeader('');
    if (error !== undefined) this.#wire.sendText(COMPONENT_FRAMING.streamElement(error.toElement()));
    this.#wire.sendText(COMPONENT_FRAMING.footer);
    this.#end();
  }

  heard(): void {
    // A component may be silent for as long as it likes; TCP notices when it is gone.
  }

  opened(header: Element, contentNs: string | undefined): void {
    if (this.#state !== 'header') throw new StreamError('bad-format', 'The stream is open already');
    if (header.ns !== NS.stream || contentNs !== NS.component) throw new StreamError('invalid-namespace');
    const domain = JID.tryParse(header.attrs['to'] ?? '')?.toString() ?? '';
    if (!Object.hasOwn(this.#env.config().components.domains, domain)) throw new StreamError('host-unknown');
    this.#wanted = domain;
    this.#streamId = randomId(this.#env.random, 22);
    this.#sendHeader(domain);
    this.#state = 'handshake';
  }

  received(element: Element): Promise<void> | void {
    if (this.#state === 'handshake') return this.#shakeHands(element);
    if (this.#state !== 'open') return;
    if (element.ns === NS.stream && element.name === 'error') {
      const { condition, text } = StreamError.fromElement(element);
      this.#env.logger.warn(
        { component: this.domain, condition, text },
        'components: it ends its stream with an error',
      );
      return this.#end();
    }
    const stanza = element.ns === NS.component ? element.with({ xmlns: NS.client }) : element;
    if (stanza.ns !== NS.client) throw new StreamError('unsupported-stanza-type');
    return this.#receive(stanza);
  }

  ended(): void {
    this.close();
  }

  failed(error: unknown): void {
    if (!isPeersFault(error)) {
      const fields = { component: this.domain, error: String(error), stack: (error as Error).stack };
      this.#env.logger.error(fields, 'components: a stream failed');
    }
    const streamError = toStreamError(error);
    this.#env.logger.info({ component: this.domain, condition: streamError.condition }, 'components: stream error');
    this.close(streamError);
  }

  drained(): void {
    this.#writeTimer?.cancel();
    this.#writeTimer = undefined;
    for (const settled of this.#written.splice(0)) settled();
  }

  closed(): void {
    this.#state = 'over';
    this.#loginTimer?.cancel();
    this.#writeTimer?.cancel();
    this.#rest?.timer.cancel();
    this.#rest?.wake();
    const failure = new RemoteFailure('remote-server-timeout', true, 'the connection of the component was lost');
    this.#host.closed(this);
    for (const settled of this.#written.splice(0)) settled(failure);
  }

  #shakeHands(element: Element): void {
    const { secrets = [] } = this.#env.config().components.domains[this.#wanted] ?? {};
    const isHandshake = element.is('handshake', NS.component);
    if (!isHandshake || !isGoodHandshake(element.text(), this.#streamId, secrets)) {
      this.#env.logger.warn({ component: this.#wanted, address: this.address }, 'components: a wrong handshake');
      throw new StreamError('not-authorized');
    }
    this.domain = this.#wanted;
    this.#host.opened(this);
    this.#state = 'open';
    this.#loginTimer?.cancel();
    this.#wire.open();
    this.#wire.attached();
    this.#wire.send(xml('handshake', { xmlns: NS.client }));
  }

  #receive(stanza: Element): Promise<void> | undefined {
    // XEP-0114 §3: `from` is there, and of the component's domain.
    const from = JID.tryParse(stanza.attrs['from'] ?? '');
    if (from === undefined || from.domain !== this.domain) throw new StreamError('invalid-from');
    countStanza(this.#env.metrics.componentStanzasIn, stanza.name);
    const done = this.#progress.begin(() => undefined);
    const routing = this.#bucket.charge(() => this.#host.receive(stanza, done));
    const delay = this.#bucket.delay();
    if (routing === undefined && delay === 0 && !this.#progress.isFull) return undefined;
    return this.#slow(routing, delay);
  }

  /** The log and the database are waited for, and the rate. */
  async #slow(routing: Promise<void> | undefined, delay: number): Promise<void> {
    await routing;
    await this.#progress.whenRoom();
    if (delay === 0 || this.#state === 'over') return;
    await new Promise<void>((wake) => {
      this.#rest = { wake, timer: this.#env.clock.after(delay, wake) };
    });
  }

  #sendHeader(from: string): void {
    this.#wire.sendText(COMPONENT_FRAMING.header({ from, to: undefined, id: this.#streamId, lang: 'en' }));
  }

  #end(): void {
    this.#state = 'over';
    this.#wire.stop();
    this.#transport.end();
  }
}
