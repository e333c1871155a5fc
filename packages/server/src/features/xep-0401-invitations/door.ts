import { type JID, StanzaError } from '@tutti/xmpp';
import type { Doorkeeper, EarlyRequest, FeatureApi } from '../../feature.ts';
import type { Invitation, Invitations } from './invitations.ts';

/** XEP-0445: those who have shown an invitation may register, whether registration is open or not. */
export class Door implements Doorkeeper {
  readonly #api: FeatureApi;
  readonly #invitations: Invitations;
  /** §4: what a connection has shown; it stays good for the connection when its time runs out. */
  readonly #shown = new WeakMap<object, Invitation>();
  /** Tokens with which accounts are being made. */
  readonly #inUse = new Set<string>();

  constructor(api: FeatureApi, invitations: Invitations) {
    this.#api = api;
    this.#invitations = invitations;
  }

  isInviting(domain: string): Promise<boolean> {
    return this.#invitations.isInviting(domain);
  }

  /** §4: the request that shows a token before all others. */
  async answer(request: EarlyRequest): Promise<undefined> {
    const { iq, payload } = request;
    if (iq.attrs['type'] !== 'set' || payload.name !== 'preauth') throw new StanzaError('bad-request');
    await this.show(request, payload.attrs['token'] ?? '');
  }

  /** §4: a connection shows its token. */
  async show({ domain, connection }: EarlyRequest, token: string): Promise<void> {
    // §4: once shown it is not looked at again.
    if (this.#shown.get(connection)?.token === token) return;
    const invitation = await this.#invitations.find(token);
    if (invitation?.registers !== true || invitation.domain !== domain) {
      throw new StanzaError('item-not-found', { text: 'The invitation is not good, or not any more.' });
    }
    this.#shown.set(connection, invitation);
  }

  nameFor({ connection }: EarlyRequest): string | undefined {
    return this.#shown.get(connection)?.username;
  }

  admitsAny({ connection }: EarlyRequest): boolean {
    const shown = this.#shown.get(connection);
    return shown !== undefined && !this.#invitations.isSpent(shown.token);
  }

  async admits({ connection }: EarlyRequest, account: JID): Promise<boolean> {
    const shown = this.#shown.get(connection);
    const keeper = await this.#invitations.keptFor(account.domain, account.local);
    // XEP-0401 §5.2: the name is kept for whoever was invited under it.
    if (keeper !== undefined && keeper !== shown?.token) throw new StanzaError('conflict');
    if (shown === undefined || (shown.username !== undefined && shown.username !== account.local)) return false;
    // Each is good once, however many connections have shown it.
    if (this.#inUse.has(shown.token) || this.#invitations.isSpent(shown.token)) return false;
    this.#inUse.add(shown.token);
    return true;
  }

  notRegistered({ connection }: EarlyRequest): void {
    const shown = this.#shown.get(connection);
    if (shown !== undefined) this.#inUse.delete(shown.token);
  }

  async registered({ connection }: EarlyRequest, account: JID): Promise<void> {
    const invitation = this.#shown.get(connection);
    if (invitation === undefined) return;
    this.#shown.delete(connection);
    // With open registration a second one comes without it: the account is there, and nobody's contact.
    const isFirst = await this.#invitations.end(invitation.token);
    this.#inUse.delete(invitation.token);
    if (isFirst && invitation.inviter !== undefined) await this.#befriend(invitation.inviter, account);
  }

  /** XEP-0401 §4.5: both see each other's presence from the beginning. */
  async #befriend(inviter: JID, newcomer: JID): Promise<void> {
    const [host, guest] = await Promise.all([this.#api.account(inviter), this.#api.account(newcomer)]);
    const { roster } = this.#api;
    if (host === undefined || guest === undefined || roster === undefined) return;
    try {
      await roster.subscribe(host, newcomer, 'subscribed');
      await roster.subscribe(guest, inviter, 'subscribed');
      await roster.subscribe(guest, inviter, 'subscribe');
      await roster.subscribe(host, newcomer, 'subscribe');
    } catch (error) {
      // The account is there; a full contact list of the inviter is no reason to take it away.
      this.#api.logger.warn(
        { account: newcomer.toString(), error: String(error) },
        'an invited account has no contact',
      );
    }
  }
}
