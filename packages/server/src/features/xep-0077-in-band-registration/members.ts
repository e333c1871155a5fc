import { type Element, JID, resultReply, StanzaError } from '@tutti/xmpp';
import type { FeatureApi, IqRequest, SessionView } from '../../feature.ts';
import { toStanzaError } from './errors.ts';
import { readAnswers, tellMember } from './form.ts';

/** XEP-0077 for those who have logged in: what is on file (§3.1), another password (§3.3), the end of the account (§3.2). */
export class Members {
  readonly #api: FeatureApi;
  /** The sessions that have asked for the end of their accounts, with their requests. */
  readonly #leaving = new Map<string, { readonly session: SessionView; readonly iq: Element }>();

  constructor(api: FeatureApi) {
    this.#api = api;
  }

  get({ session }: IqRequest): Element {
    // §3.1: others can't register here, only at the start of a stream.
    if (session === undefined) throw new StanzaError('service-unavailable');
    return tellMember(session.account.jid.local);
  }

  async set({ session, iq, payload }: IqRequest): Promise<undefined> {
    const isRemoval = payload.child('remove') !== undefined;
    // §3.2: the sender has no account here.
    if (session === undefined) throw new StanzaError(isRemoval ? 'registration-required' : 'unexpected-request');
    if (isRemoval) await this.#remove(session, iq, payload);
    else await this.#changePassword(session, payload);
    return undefined;
  }

  async #changePassword(session: SessionView, query: Element): Promise<void> {
    const { jid } = session.account;
    const { username, password } = readAnswers(query);
    if (username === '' || password === '') {
      throw new StanzaError('bad-request', { text: 'The username and the new password are needed.' });
    }
    if (!session.secure)
      throw new StanzaError('not-authorized', { type: 'modify', text: 'Not over a channel in clear.' });
    if (!names(username, jid)) throw new StanzaError('not-allowed', { text: 'That is not your username.' });
    try {
      await this.#api.accounts.setPassword(jid.toString(), password);
    } catch (error) {
      throw toStanzaError(error);
    }
    this.#api.logger.info(
      { account: jid.toString(), session: session.jid.toString() },
      'the password has been changed',
    );
  }

  async #remove(session: SessionView, iq: Element, query: Element): Promise<void> {
    if (query.elements.length !== 1) throw new StanzaError('bad-request', { text: '<remove/> stands alone.' });
    const account = session.account.jid.toString();
    if (this.#leaving.has(account)) throw new StanzaError('conflict', { text: 'It is being removed already.' });
    this.#leaving.set(account, { session, iq });
    try {
      await this.#api.accounts.remove(account);
    } catch (error) {
      throw toStanzaError(error);
    } finally {
      this.#leaving.delete(account);
    }
    this.#api.logger.info({ account }, 'the account has been removed by its owner');
  }

  /** §3.2: the account is gone; who has asked for that is told so, before its sessions end with `<not-authorized/>`. */
  readonly sayGoodbye = (account: JID): void => {
    const leaving = this.#leaving.get(account.toString());
    if (leaving === undefined) return;
    const { session, iq } = leaving;
    const from = iq.attrs['to'] ?? account.toString();
    this.#api.deliver(session, resultReply(iq).with({ from, to: session.jid.toString() }));
  };
}

/** The username alone, or the whole address. */
function names(username: string, account: JID): boolean {
  const whole = JID.tryParse(username);
  if (whole?.equals(account) === true) return true;
  try {
    return JID.of(username, account.domain).equals(account);
  } catch {
    return false; // that is nobody's
  }
}
