import { type Element, parseXml, StanzaError } from '@tutti/xmpp';
import type { AccountView, FeatureApi } from '../../feature.ts';
import type { PrivateTables } from './schema.ts';

/** The drawers of the accounts, in the database. */
export class PrivateXml {
  readonly #api: FeatureApi;

  constructor(api: FeatureApi) {
    this.#api = api;
  }

  /** What was stored under the name and namespace of an element. */
  async read({ jid }: AccountView, { ns, name }: Element): Promise<Element | undefined> {
    const row = await this.#api
      .store<PrivateTables>()
      .selectFrom('private_xml')
      .select('element')
      .where('account', '=', jid.toString())
      .where('ns', '=', ns)
      .where('name', '=', name)
      .executeTakeFirst();
    return row === undefined ? undefined : parseXml(row.element);
  }

  /** Everything that an account has stored. */
  async all({ jid }: AccountView): Promise<readonly Element[]> {
    const rows = await this.#api
      .store<PrivateTables>()
      .selectFrom('private_xml')
      .select('element')
      .where('account', '=', jid.toString())
      .orderBy('ns')
      .orderBy('name')
      .execute();
    return rows.map(({ element }) => parseXml(element));
  }

  /** Stores elements, all or none, each in the place of the one of its name. Throws StanzaError resource-constraint where there is no room. */
  async write({ jid }: AccountView, elements: readonly Element[]): Promise<void> {
    const account = jid.toString();
    const rows = elements.map((element) => {
      const text = element.toString();
      return {
        account,
        ns: element.ns,
        name: element.name,
        element: text,
        bytes: new TextEncoder().encode(text).length,
      };
    });
    const limit = this.#api.config.pep.privateBytes;
    const db = this.#api.store<PrivateTables>();
    await db.transaction().execute(async (trx) => {
      for (const { element, bytes, ...key } of rows) {
        await trx
          .insertInto('private_xml')
          .values({ ...key, element, bytes })
          .onConflict((conflict) => conflict.columns(['account', 'ns', 'name']).doUpdateSet({ element, bytes }))
          .execute();
      }
      const { sum } = await trx
        .selectFrom('private_xml')
        .select(({ fn }) => fn.sum<number | string | bigint | null>('bytes').as('sum'))
        .where('account', '=', account)
        .executeTakeFirstOrThrow();
      if (limit > 0 && Number(sum ?? 0) > limit)
        throw new StanzaError('resource-constraint', { type: 'cancel', text: 'Your private storage is full.' });
    });
  }
}
