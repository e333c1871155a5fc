import { type Element, NS, SaslError, StreamError, xml } from '@tutti/xmpp';
import { BindPhase } from '../bind-phase.ts';
import type { StreamCore } from '../phase.ts';
import type { Exchange } from './exchange.ts';
import type { Login } from './login.ts';
import type { Step } from './mechanism.ts';
import { decodeBase64, encodeBase64 } from './text.ts';

/** The SASL profile of RFC 6120 §6: after success the stream begins anew. */
export class Sasl1 {
  readonly #core: StreamCore;
  readonly #login: Login;

  constructor(core: StreamCore, login: Login) {
    this.#core = core;
    this.#login = login;
  }

  handle(element: Element): Promise<void> {
    return this.#login.answer(
      NS.sasl,
      async () => this.#run(element),
      async (success, exchange) => this.#succeed(success, exchange),
    );
  }

  #run(element: Element): Promise<Step> {
    switch (element.name) {
      case 'auth':
        return this.#login.start(NS.sasl, element.attrs['mechanism'] ?? '', readInitial(element.text()));
      case 'response':
        return this.#login.respond(readInitial(element.text()) ?? new Uint8Array(0));
      case 'abort':
        this.#login.abandon();
        throw new SaslError('aborted');
      default:
        throw new StreamError('unsupported-stanza-type');
    }
  }

  #succeed(success: Extract<Step, { kind: 'success' }>, exchange: Exchange): void {
    const identity = this.#login.identify(success, exchange);
    const data = success.data === undefined ? undefined : encodeBase64(success.data);
    this.#core.send(xml('success', { xmlns: NS.sasl }, data));
    this.#core.authenticated(identity, new BindPhase(this.#core, identity), true);
  }
}

/** RFC 6120 §6.4.2: nothing is no initial response, '=' is an empty one. */
function readInitial(text: string): Uint8Array | undefined {
  if (text === '') return undefined;
  return text === '=' ? new Uint8Array(0) : decodeBase64(text);
}
