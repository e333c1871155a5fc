import { type Element, JID, StanzaError } from '@tutti/xmpp';
import type { EarlyRequest, FeatureApi } from '../../feature.ts';
import { CreationRate } from './creation-rate.ts';
import { toStanzaError } from './errors.ts';
import { askNewcomer, readAnswers } from './form.ts';

/** XEP-0077 §3.1.1: registration of those who have no account yet. */
export class Newcomers {
  readonly #api: FeatureApi;
  readonly #rate: CreationRate;

  constructor(api: FeatureApi) {
    this.#api = api;
    this.#rate = new CreationRate(api.clock, () => api.config.registration.ratePerHour);
  }

  async answer(request: EarlyRequest): Promise<Element | undefined> {
    const { iq, payload, domain } = request;
    if (!payload.is('query')) throw new StanzaError('service-unavailable');
    if (iq.attrs['type'] === 'get') return this.#ask(request);
    // §3.2, §3.3: there is no account to remove or to change.
    const isRemoval = payload.child('remove') !== undefined;
    const answers = isRemoval ? undefined : readAnswers(payload);
    if (answers !== undefined && answers.token !== '') await this.#api.door?.show(request, answers.token);
    // §3.1: never open unless somebody has said so, or has invited them (XEP-0445).
    const isOpen = this.#api.config.registration.enabled;
    const isInvited = this.#api.door?.admitsAny(request) === true;
    if (!isOpen && !isInvited) throw new StanzaError('service-unavailable');
    if (answers === undefined) throw new StanzaError('unexpected-request');
    const jid = readJid(answers.username, domain);
    const isAdmitted = (await this.#api.door?.admits(request, jid)) === true;
    if (!isAdmitted && !isOpen) throw new StanzaError('not-allowed', { text: 'You are invited under another name.' });
    try {
      if (answers.password === '') throw new StanzaError('not-acceptable', { text: 'A password is needed.' });
      await this.#create(jid, answers.password, request.address);
    } catch (error) {
      if (isAdmitted) this.#api.door?.notRegistered(request);
      throw error;
    }
    await this.#api.door?.registered(request, jid);
    return undefined;
  }

  /** §3.1.1: what is needed, of this connection. */
  async #ask(request: EarlyRequest): Promise<Element> {
    const { door, config } = this.#api;
    if (door?.admitsAny(request) === true) return askNewcomer({ username: door.nameFor(request), token: 'none' });
    const isInviting = (await door?.isInviting(request.domain)) === true;
    if (config.registration.enabled) return askNewcomer({ token: isInviting ? 'optional' : 'none' });
    // XEP-0445 §3: closed, and nobody is expected.
    if (!isInviting) throw new StanzaError('service-unavailable');
    return askNewcomer({ token: 'required' });
  }

  async #create(jid: JID, password: string, address: string): Promise<void> {
    // Asked first: making keys out of a password costs time.
    if (await this.#api.accounts.exists(jid)) throw new StanzaError('conflict');
    const giveBack = this.#rate.take(address);
    // §3.1.1: too many.
    if (giveBack === undefined)
      throw new StanzaError('not-acceptable', { type: 'wait', text: 'Too many new accounts; try again later.' });
    try {
      await this.#api.accounts.add(jid.toString(), password);
    } catch (error) {
      giveBack();
      throw toStanzaError(error);
    }
    this.#api.metrics.registrations.inc();
    this.#api.logger.info({ account: jid.toString(), address }, 'an account has been registered');
  }
}

function readJid(username: string, domain: string): JID {
  if (username === '') throw new StanzaError('not-acceptable', { text: 'A username is needed.' });
  try {
    return JID.of(username, domain);
  } catch {
    throw new StanzaError('jid-malformed', { text: 'That can be no username.' });
  }
}
