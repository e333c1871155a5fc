import { type Element, escapeAttribute, NS, parseXml, xml } from '@tutti/xmpp';
import { bareOf } from './address.ts';
import { TuttiError } from './errors.ts';
import { readError } from './requests.ts';

export interface Registration {
  /** `wss://host/path` or `ws://…`. */
  readonly service: string;
  readonly domain: string;
  readonly username: string;
  readonly password: string;
  /** What an invitation brought: XEP-0445. */
  readonly invitation?: string | undefined;
  /** How long all of it may take, in milliseconds; 0: no limit. Default: 30 seconds. */
  readonly timeoutMs?: number;
}

/**
 * Makes an account over a connection of its own (XEP-0077 §3.1), with an invitation where there is one (XEP-0445). Resolves with
 * its bare JID. Rejects with the StanzaError of the server, such as `conflict` for a name that is taken or `item-not-found` for an
 * invitation that is not known or not good any more; or with a TuttiError: refused (the server takes no registrations), connection-lost, no-answer.
 */
export async function registerAccount(registration: Registration): Promise<string> {
  const { domain, username, password, invitation, timeoutMs = 30_000 } = registration;
  const jid = bareOf(`${username}@${domain}`);
  const stream = new Stream(registration.service);
  const timer =
    timeoutMs === 0
      ? undefined
      : setTimeout(() => stream.end(new TuttiError('no-answer', `after ${timeoutMs} ms`)), timeoutMs);
  try {
    const features = await stream.open(domain);
    if (invitation !== undefined && features.child('register', NS.ibrToken) !== undefined) {
      await stream.ask(domain, xml('preauth', { xmlns: NS.preAuthSubscription, token: invitation }));
    } else if (features.child('register', NS.registerFeature) === undefined) {
      throw new TuttiError('refused', `${domain} takes no registrations`);
    }
    const fields = [xml('username', null, jid.slice(0, jid.indexOf('@'))), xml('password', null, password)];
    await stream.ask(domain, xml('query', { xmlns: NS.register }, ...fields));
    return jid;
  } finally {
    clearTimeout(timer);
    stream.close();
  }
}

/** A stream before login: one element to a message, RFC 7395. */
class Stream {
  readonly #socket: WebSocket;
  readonly #ended = Promise.withResolvers<never>();
  readonly #inbox: Element[] = [];
  #arrived: () => void = () => undefined;

  constructor(service: string) {
    this.#ended.promise.catch(() => undefined);
    this.#socket = new WebSocket(service, ['xmpp']);
    this.#socket.addEventListener('message', ({ data }) => this.#take(String(data)));
    const lost = (): void => this.end(new TuttiError('connection-lost', service));
    this.#socket.addEventListener('error', lost);
    this.#socket.addEventListener('close', lost);
  }

  /** Opens the stream, gives its features. */
  async open(domain: string): Promise<Element> {
    const isOpen = new Promise((resolve) => this.#socket.addEventListener('open', resolve, { once: true }));
    await Promise.race([isOpen, this.#ended.promise]);
    this.#socket.send(`<open xmlns='${NS.framing}' to='${escapeAttribute(domain)}' version='1.0'/>`);
    return this.#next((element) => element.is('features', NS.stream));
  }

  /** Sends an iq of type set; rejects with the error of its answer. */
  async ask(to: string, payload: Element): Promise<void> {
    const id = crypto.randomUUID();
    this.#socket.send(xml('iq', { xmlns: NS.client, type: 'set', to, id }, payload).toString());
    const answer = await this.#next((element) => element.name === 'iq' && element.attrs['id'] === id);
    if (answer.attrs['type'] === 'error') throw readError(answer);
  }

  close(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(`<close xmlns='${NS.framing}'/>`);
    this.#socket.close();
  }

  end(reason: TuttiError): void {
    this.#ended.reject(reason);
  }

  #take(text: string): void {
    try {
      this.#inbox.push(parseXml(text));
    } catch (error) {
      this.end(new TuttiError('connection-lost', 'what the server says is not XMPP', { cause: error }));
    }
    this.#arrived();
  }

  async #next(isIt: (element: Element) => boolean): Promise<Element> {
    for (;;) {
      const element = this.#inbox.shift();
      if (element === undefined) {
        const arrival = new Promise<void>((resolve) => (this.#arrived = resolve));
        await Promise.race([arrival, this.#ended.promise]);
      } else if (isIt(element)) return element;
      else if (element.is('error', NS.stream)) {
        throw new TuttiError('connection-lost', element.elements[0]?.name ?? 'undefined-condition');
      }
    }
  }
}
