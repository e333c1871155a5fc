import { type Element, errorReply, JID, NS, resultReply, StanzaError, xml } from '@tutti/xmpp';
import { type Clock, type Logger, type Random, randomId, type Timer } from './environment.ts';
import type { DiscoIdentity } from './feature.ts';

/** A request to an address of a service. */
export interface ServiceRequest {
  readonly iq: Element;
  /** The one child of the IQ. */
  readonly payload: Element;
  readonly from: JID;
  /** The service itself, or an address below it, such as a room or somebody in it. */
  readonly to: JID;
  /** Answers now: what the handler gives in the end is not sent then. For what is told to others after the answer. */
  readonly answer: (result?: Element) => void;
}

/** Gives the payload of the result (undefined: an empty one) or throws a StanzaError. */
export type ServiceHandler = (request: ServiceRequest) => Promise<Element | undefined> | Element | undefined;

/** What an address of a service says of itself (XEP-0030 §3). */
export interface ServiceInfo {
  readonly identities: readonly DiscoIdentity[];
  readonly features: readonly string[];
  /** Nothing but this: not what every address of a service can do. */
  readonly only?: boolean;
  /** XEP-0128. */
  readonly forms?: readonly Element[];
}

/** What a service needs of the server. */
export interface ServiceEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Milliseconds that whoever is asked has for an answer; 0: no limit. */
  readonly askTimeout: () => number;
  readonly route: (stanza: Element) => void;
}

interface Asked {
  readonly of: string;
  readonly resolve: (iq: Element) => void;
  readonly reject: (error: StanzaError) => void;
  readonly timer: Timer | undefined;
}

/**
 * The front desk of a domain of this server's own, such as its rooms: takes what comes for the domain, answers IQ requests from the handlers that have
 * been registered, discovery and pings among them, and asks others on the domain's behalf. `api.serviceDesk(domain)` makes one.
 */
export class ServiceDesk {
  readonly domain: string;
  /** XEP-0030 §3: what an address says of itself; undefined: `item-not-found`. Set by the service. */
  info: (
    request: ServiceRequest,
    node: string | undefined,
  ) => ServiceInfo | undefined | Promise<ServiceInfo | undefined> = () => undefined;
  /** XEP-0030 §4: what belongs to an address: `<item/>` elements and, for long lists, `<set/>` (XEP-0059); undefined: `item-not-found`. */
  items: (
    request: ServiceRequest,
    node: string | undefined,
  ) => readonly Element[] | undefined | Promise<readonly Element[] | undefined> = () => undefined;
  /** A message for the service; errors among them. What it throws as StanzaError is answered. */
  onMessage: ((message: Element, from: JID, to: JID) => void | Promise<void>) | undefined;
  /** A presence stanza for the service; what it throws as StanzaError is answered as presence of type error. */
  onPresence: ((presence: Element, from: JID, to: JID) => void | Promise<void>) | undefined;
  /** A request that no handler wants; undefined: `service-unavailable`. For services that pass on what is not theirs, as rooms do between occupants. */
  onOtherIq: ((iq: Element, from: JID, to: JID) => void | Promise<void>) | undefined;
  readonly #environment: ServiceEnvironment;
  readonly #handlers = new Map<string, ServiceHandler>();
  readonly #asked = new Map<string, Asked>();

  constructor(domain: string, environment: ServiceEnvironment) {
    this.domain = domain;
    this.#environment = environment;
    this.iq('get', 'ping', NS.ping, () => undefined);
    this.iq('get', 'query', NS.discoInfo, async (request) => {
      const { node } = request.payload.attrs;
      const info = await this.info(request, node);
      if (info === undefined) throw new StanzaError('item-not-found');
      return writeServiceInfo(info, node);
    });
    this.iq('get', 'query', NS.discoItems, async (request) => {
      const { node } = request.payload.attrs;
      const items = await this.items(request, node);
      if (items === undefined) throw new StanzaError('item-not-found');
      return xml('query', { xmlns: NS.discoItems, node }, ...items);
    });
  }

  /** Handles requests to any address of the service. A second handler for the same is a programming error and throws. */
  iq(type: 'get' | 'set', name: string, ns: string, handler: ServiceHandler): void {
    const key = `${type} ${name} ${ns}`;
    if (this.#handlers.has(key)) throw new Error(`two handlers for ${key} at ${this.domain}`);
    this.#handlers.set(key, handler);
  }

  /** Asks somebody in the name of an address of the service and waits for the answer, a result; rejects with StanzaError, `remote-server-timeout` where none comes. */
  ask(type: 'get' | 'set', from: JID, to: JID, payload: Element): Promise<Element> {
    const { clock, random, askTimeout, route } = this.#environment;
    const id = randomId(random, 16);
    return new Promise<Element>((resolve, reject) => {
      const ms = askTimeout();
      const giveUp = (): void => {
        this.#asked.delete(id);
        reject(new StanzaError('remote-server-timeout'));
      };
      const timer = ms === 0 ? undefined : clock.after(ms, giveUp);
      this.#asked.set(id, { of: to.toString(), resolve, reject, timer });
      route(xml('iq', { type, id, from: from.toString(), to: to.toString() }, payload));
    });
  }

  /** Takes a stanza for the domain; `from` is vouched for. Settles when it is done with; never rejects. */
  readonly receive = async (stanza: Element, from: JID): Promise<void> => {
    const to = JID.tryParse(stanza.attrs['to'] ?? '');
    if (to === undefined) return;
    try {
      await this.#receive(stanza, from, to);
    } catch (error) {
      this.#fail(stanza, error);
    }
  };

  async #receive(stanza: Element, from: JID, to: JID): Promise<void> {
    if (stanza.name === 'presence') return this.onPresence?.(stanza, from, to);
    if (stanza.name === 'message') {
      if (this.onMessage !== undefined) return this.onMessage(stanza, from, to);
      throw new StanzaError('service-unavailable');
    }
    const type = stanza.attrs['type'];
    if (type === 'result' || type === 'error') {
      if (!this.#settle(stanza, from)) await this.onOtherIq?.(stanza, from, to);
      return;
    }
    const payload = stanza.elements[0] as Element;
    const handler = this.#handlers.get(`${type} ${payload.name} ${payload.ns}`);
    if (handler !== undefined && !(this.onOtherIq !== undefined && this.passesOn(to))) {
      let isAnswered = false;
      const answer = (result?: Element): void => {
        if (!isAnswered) this.#environment.route(resultReply(stanza, result));
        isAnswered = true;
      };
      return answer(await handler({ iq: stanza, payload, from, to, answer }));
    }
    if (this.onOtherIq === undefined) throw new StanzaError('service-unavailable');
    await this.onOtherIq(stanza, from, to);
  }

  /** Is every request to that address for `onOtherIq`, whatever its payload? Set by the service. */
  passesOn: (to: JID) => boolean = () => false;

  #settle(iq: Element, from: JID): boolean {
    const id = iq.attrs['id'] ?? '';
    const asked = this.#asked.get(id);
    // Who was not asked can't answer.
    if (asked === undefined || asked.of !== from.toString()) return false;
    this.#asked.delete(id);
    asked.timer?.cancel();
    if (iq.attrs['type'] === 'result') asked.resolve(iq);
    else {
      const error = iq.child('error');
      asked.reject(error === undefined ? new StanzaError('undefined-condition') : StanzaError.fromElement(error));
    }
    return true;
  }

  #fail(stanza: Element, error: unknown): void {
    const { logger, route } = this.#environment;
    if (!(error instanceof StanzaError)) {
      logger.error({ service: this.domain, error: String(error), stack: (error as Error).stack }, 'a service failed');
    }
    // RFC 6120 §8.3.1: nothing answers an answer.
    const type = stanza.attrs['type'];
    if (type === 'error' || (stanza.name === 'iq' && type === 'result')) return;
    route(
      errorReply(
        stanza,
        error instanceof StanzaError ? error : new StanzaError('internal-server-error', { type: 'wait' }),
      ),
    );
  }
}

/** XEP-0030 §3.1. */
function writeServiceInfo(info: ServiceInfo, node: string | undefined): Element {
  return xml(
    'query',
    { xmlns: NS.discoInfo, node },
    ...info.identities.map(({ category, type, name }) => xml('identity', { category, type, name })),
    ...[...new Set([...(info.only === true ? [] : [NS.discoInfo, NS.discoItems, NS.ping]), ...info.features])]
      .toSorted()
      .map((feature) => xml('feature', { var: feature })),
    ...(info.forms ?? []),
  );
}
