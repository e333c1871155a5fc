import { type Element, JID, NS, StanzaError, xml } from '@tutti/xmpp';
import type { EarlyRequest, FeatureApi } from '../../feature.ts';
import { CreationRate } from './creation-rate.ts';
import { toStanzaError } from './errors.ts';

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
    // §3.1: never open unless somebody has said so, or has invited them (XEP-0445).
    const isOpen = this.#api.config.registration.enabled;
    const isInvited = this.#api.door?.admitsAny(request) === true;
    if (!(isOpen || isInvited) || !payload.is('query')) throw new StanzaError('service-unavailable');
    if (iq.attrs['type'] === 'get') return writeFields();
    // §3.2, §3.3: there is no account to remove or to change.
    if (payload.child('remove') !== undefined) throw new StanzaError('unexpected-request');
    const jid = readJid(payload, domain);
    const isAdmitted = (await this.#api.door?.admits(request, jid)) === true;
    if (!isAdmitted && !isOpen) throw new StanzaError('not-allowed', { text: 'You are invited under another name.' });
    await this.#create(jid, readPassword(payload), request.address);
    await this.#api.door?.registered(request, jid);
    return undefined;
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

function writeFields(): Element {
  const instructions = xml('instructions', null, 'Choose a username and a password.');
  return xml('query', { xmlns: NS.register }, instructions, xml('username'), xml('password'));
}

function readJid(query: Element, domain: string): JID {
  const username = query.child('username')?.text() ?? '';
  if (username === '') throw new StanzaError('not-acceptable', { text: 'A username is needed.' });
  try {
    return JID.of(username, domain);
  } catch {
    throw new StanzaError('jid-malformed', { text: 'That can be no username.' });
  }
}

function readPassword(query: Element): string {
  const password = query.child('password')?.text() ?? '';
  if (password === '') throw new StanzaError('not-acceptable', { text: 'A password is needed.' });
  return password;
}
