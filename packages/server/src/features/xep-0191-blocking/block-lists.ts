import { type JID, StanzaError } from '@tutti/xmpp';
import type { Kysely } from 'kysely';
import type { AccountView, FeatureApi, StateKey } from '../../feature.ts';
import { BlockList } from './block-list.ts';
import type { BlockingTables } from './schema.ts';

interface Held {
  list: BlockList;
  /** The last change: they wait for each other. */
  changing: Promise<unknown>;
}

/** The accounts' block lists: in the database, and in memory with their accounts. */
export class BlockLists {
  readonly #api: FeatureApi;
  readonly #db: Kysely<BlockingTables>;
  readonly #state: StateKey<Held>;

  constructor(api: FeatureApi) {
    this.#api = api;
    this.#db = api.store<BlockingTables>();
    this.#state = api.accountState((account) => this.#load(account));
  }

  of(account: AccountView): BlockList {
    return account.state(this.#state).list;
  }

  /** Does the account block this peer? Never itself: its resources always reach each other (XEP-0191 §5). */
  readonly blocks = (account: AccountView, peer: JID): boolean => {
    return this.of(account).matches(peer) && !peer.bare.equals(account.jid);
  };

  /** Adds addresses. Throws StanzaError resource-constraint where the list would get too long. */
  block(account: AccountView, jids: readonly string[]): Promise<void> {
    return this.#change(account, async (held) => {
      const next = held.list.with(jids);
      const limit = this.#api.config.limits.blocklistItems;
      if (limit > 0 && next.jids.size > limit) {
        throw new StanzaError('resource-constraint', { type: 'cancel', text: 'Your block list is full.' });
      }
      await this.#insert(account.jid.toString(), jids);
      const { list } = held;
      // §3.3: while presence still gets through, so that those concerned see the account go offline.
      this.#api.blockChanged(account, true, (peer) => next.matches(peer) && !list.matches(peer));
      held.list = next;
    });
  }

  /** Removes addresses: these, or all. */
  unblock(account: AccountView, jids?: readonly string[]): Promise<void> {
    return this.#change(account, async (held) => {
      const { list } = held;
      const next = jids === undefined ? new BlockList() : list.without(jids);
      const rows = this.#db.deleteFrom('blocked').where('account', '=', account.jid.toString());
      await (jids === undefined ? rows : rows.where('jid', 'in', jids)).execute();
      held.list = next;
      this.#api.blockChanged(account, false, (peer) => list.matches(peer) && !next.matches(peer));
    });
  }

  async #load(account: JID): Promise<Held> {
    const query = this.#db.selectFrom('blocked').select('jid').where('account', '=', account.toString());
    const rows = await query.orderBy('jid').execute();
    return { list: new BlockList(rows.map(({ jid }) => jid)), changing: Promise.resolve() };
  }

  async #insert(account: string, jids: readonly string[]): Promise<void> {
    const rows = jids.map((jid) => ({ account, jid }));
    await this.#db.transaction().execute(async (trx) => {
      // SQLite takes up to 32,766 values in a statement.
      for (let start = 0; start < rows.length; start += 1000) {
        const some = rows.slice(start, start + 1000);
        await trx
          .insertInto('blocked')
          .values(some)
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
    });
  }

  #change(account: AccountView, run: (held: Held) => Promise<void>): Promise<void> {
    const held = account.state(this.#state);
    const start = (): Promise<void> => run(held);
    const change = held.changing.then(start, start);
    held.changing = change;
    return change;
  }
}
