import { JID, StanzaError } from '@tutti/xmpp';
import type { Kysely } from 'kysely';
import { type AccountView, BoundedMap, type FeatureApi, Locks, randomId, type StateKey } from '../../feature.ts';
import type { InvitationTables } from './schema.ts';

export interface Invitation {
  readonly token: string;
  readonly domain: string;
  /** Who invites; undefined: the command line. */
  readonly inviter: JID | undefined;
  /** The localpart that is kept for the newcomer; undefined: any. */
  readonly username: string | undefined;
  /** An account may be registered with it. */
  readonly registers: boolean;
  /** ms since 1970 UTC. */
  readonly expiresAt: number;
}

/** Tokens that are remembered when they are used; a connection that has shown one does not live long. */
const SPENT = 10_000;

/** 144 random bits: nobody guesses one. */
const TOKEN_LENGTH = 24;

/** The invitations that are good. Each is good once. */
export class Invitations {
  readonly #api: FeatureApi;
  readonly #db: Kysely<InvitationTables>;
  /** An account's own, by token: when they end. */
  readonly #own: StateKey<Map<string, number>>;

  /** One has to see what the one before it has written: names that are kept, and how many there are. */
  readonly #locks = new Locks();
  /** Those that were used or revoked since the start: whoever has shown one before can't use it any more. */
  readonly #spent = new BoundedMap<string, true>(SPENT);

  constructor(api: FeatureApi) {
    this.#api = api;
    this.#db = api.store<InvitationTables>();
    this.#own = api.accountState((account) => this.#loadOwn(account));
  }

  /** Makes one. Rejects with StanzaError: resource-constraint, conflict for a username that is taken or kept for somebody. */
  create(wanted: Omit<Invitation, 'token' | 'expiresAt'>): Promise<Invitation> {
    return this.#locks.run('create', () => this.#create(wanted));
  }

  async #create(wanted: Omit<Invitation, 'token' | 'expiresAt'>): Promise<Invitation> {
    const now = this.#api.clock.now();
    await this.#db.deleteFrom('invitation').where('expires_at', '<=', now).execute();
    const { inviter, username, domain } = wanted;
    if (inviter !== undefined) await this.#checkNumber(inviter);
    if (username !== undefined) {
      const isTaken = await this.#api.accounts.exists(JID.of(username, domain));
      if (isTaken || (await this.keptFor(domain, username)) !== undefined) {
        throw new StanzaError('conflict', { text: `${username} is taken.` });
      }
    }
    const token = randomId(this.#api.random, TOKEN_LENGTH);
    const expiresAt = now + this.#api.config.invitations.lifetime * 1000;
    const row = {
      token,
      domain,
      inviter: inviter?.toString() ?? null,
      username: username ?? null,
      registers: wanted.registers ? 1 : 0,
      created_at: now,
      expires_at: expiresAt,
    };
    await this.#db.insertInto('invitation').values(row).execute();
    if (inviter !== undefined) this.#ownOf(inviter)?.set(token, expiresAt);
    return { ...wanted, token, expiresAt };
  }

  /** The invitation of a token, while it is good. */
  async find(token: string): Promise<Invitation | undefined> {
    const query = this.#db.selectFrom('invitation').selectAll().where('token', '=', token);
    const row = await query.where('expires_at', '>', this.#api.clock.now()).executeTakeFirst();
    return row && toInvitation(row);
  }

  /** Is there one that an account on this domain may be registered with? */
  async isInviting(domain: string): Promise<boolean> {
    const query = this.#db.selectFrom('invitation').select('token').where('domain', '=', domain);
    const good = query.where('registers', '=', 1).where('expires_at', '>', this.#api.clock.now());
    return (await good.limit(1).executeTakeFirst()) !== undefined;
  }

  /** The token of the invitation that a username is kept for. */
  async keptFor(domain: string, username: string): Promise<string | undefined> {
    const query = this.#db.selectFrom('invitation').select('token').where('domain', '=', domain);
    const kept = query.where('username', '=', username).where('expires_at', '>', this.#api.clock.now());
    return (await kept.executeTakeFirst())?.token;
  }

  /** It was good once, and was used or revoked since the start. */
  isSpent(token: string): boolean {
    return this.#spent.has(token);
  }

  /** All that are good, those that end first first. */
  async list(): Promise<readonly Invitation[]> {
    const query = this.#db.selectFrom('invitation').selectAll().where('expires_at', '>', this.#api.clock.now());
    return (await query.orderBy('expires_at').execute()).map(toInvitation);
  }

  /** It is good no more. Gives whether it was. */
  async end(token: string): Promise<boolean> {
    this.#spent.set(token, true);
    const row = await this.#db
      .deleteFrom('invitation')
      .where('token', '=', token)
      .returning('inviter')
      .executeTakeFirst();
    if (typeof row?.inviter === 'string') this.#ownOf(JID.parse(row.inviter))?.delete(token);
    return row !== undefined;
  }

  /** XEP-0379 §3.5: takes the account's token, if it is one that is good: it is not taken again. */
  take(account: AccountView, token: string): boolean {
    const own = account.state(this.#own);
    const expiresAt = own.get(token);
    if (expiresAt === undefined || expiresAt <= this.#api.clock.now()) return false;
    own.delete(token);
    this.end(token).catch((error: unknown) => {
      this.#api.logger.error({ error: String(error) }, 'a used invitation could not be deleted');
    });
    return true;
  }

  async #checkNumber(inviter: JID): Promise<void> {
    const limit = this.#api.config.invitations.perAccount;
    if (limit === 0) return;
    const count = this.#db.selectFrom('invitation').select((of) => of.fn.countAll<number>().as('count'));
    const { count: open } = await count.where('inviter', '=', inviter.toString()).executeTakeFirstOrThrow();
    if (open >= limit) throw new StanzaError('resource-constraint', { text: 'You have too many open invitations.' });
  }

  #ownOf(account: JID): Map<string, number> | undefined {
    return this.#api.loadedAccount(account)?.state(this.#own);
  }

  async #loadOwn(account: JID): Promise<Map<string, number>> {
    const query = this.#db.selectFrom('invitation').select(['token', 'expires_at']);
    const rows = await query.where('inviter', '=', account.toString()).execute();
    return new Map(rows.map(({ token, expires_at }) => [token, expires_at]));
  }
}

function toInvitation(row: InvitationTables['invitation']): Invitation {
  const { token, domain, inviter, username, registers, expires_at } = row;
  return {
    token,
    domain,
    inviter: inviter === null ? undefined : JID.parse(inviter),
    username: username ?? undefined,
    registers: registers === 1,
    expiresAt: expires_at,
  };
}
