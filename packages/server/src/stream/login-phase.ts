import { type Element, mayBeAnswered, NS, StreamError, xml } from '@tutti/xmpp';
import { makeLoginFeatures } from './features.ts';
import type { Phase, StreamCore } from './phase.ts';
import { makeUnexpectedFailure, refuseElement } from './refusals.ts';
import { Login } from './sasl/login.ts';
import { Sasl1 } from './sasl/sasl1.ts';
import { Sasl2 } from './sasl/sasl2.ts';

/** Before login: RFC 6120 §5 STARTTLS, §6 SASL, and XEP-0388. */
export class LoginPhase implements Phase {
  readonly #core: StreamCore;
  readonly #login: Login;
  readonly #sasl1: Sasl1;
  readonly #sasl2: Sasl2;

  constructor(core: StreamCore) {
    this.#core = core;
    this.#login = new Login(core);
    this.#sasl1 = new Sasl1(core, this.#login);
    this.#sasl2 = new Sasl2(core, this.#login);
  }

  features(): Element {
    const { domain, options, mayLogIn } = this.#core;
    const offer = this.#login.makeOffer();
    const { host, limits } = options;
    return makeLoginFeatures({ domain, host, limits, startTls: this.#mayStartTls, mayLogIn, offer });
  }

  handle(element: Element): Promise<void> | void {
    const { ns } = element;
    // XEP-0388 §2.4: nothing else may come while an authentication runs
    if (this.#login.profile !== undefined && this.#login.profile !== ns) throw refuseElement(element);
    if (ns === NS.sasl) return this.#sasl1.handle(element);
    if (ns === NS.sasl2) return this.#sasl2.handle(element);
    if (element.is('starttls', NS.tls)) return this.#startTls();
    if (element.is('resume', NS.sm) || element.is('enable', NS.sm)) return this.#core.send(makeUnexpectedFailure());
    if (element.is('iq', NS.client)) return this.#receiveIq(element);
    throw refuseElement(element);
  }

  abandon(): void {
    this.#login.abandon();
  }

  get #mayStartTls(): boolean {
    return this.#core.transport.canStartTls && this.#core.transport.tls === undefined;
  }

  async #startTls(): Promise<void> {
    if (!this.#mayStartTls || !this.#core.nothingFollows) {
      // RFC 6120 §5.4.2.2: the failure, then the end of the stream. Also when something follows in clear: it is not known who
      // put it there, and it must not be taken for what comes encrypted
      this.#core.send(xml('failure', { xmlns: NS.tls }));
      this.#core.terminate();
      return;
    }
    this.#core.send(xml('proceed', { xmlns: NS.tls }));
    await this.#core.encrypt();
  }

  /** XEP-0077 §3: a newcomer registers before login, where the host allows it. */
  async #receiveIq(iq: Element): Promise<void> {
    const { options, domain, connection, mayLogIn } = this.#core;
    const { to } = iq.attrs;
    const forServer = to === undefined || to === domain;
    const answer =
      mayLogIn && forServer && mayBeAnswered(iq)
        ? await options.host.receiveBeforeLogin?.(domain, iq, connection)
        : undefined;
    if (answer === undefined) throw new StreamError('not-authorized');
    this.#core.send(answer);
  }
}
