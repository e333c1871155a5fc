import { type Element, NS, parseXml, StanzaError, xml } from '@tutti/xmpp';
import type { Migration } from 'kysely';
import type { AccountView, FeatureApi, IqRequest } from '../../feature.ts';
import type { Avatars } from './avatars.ts';
import { photoElement, type Picture, readPicture } from './picture.ts';

interface Tables {
  /** As it was sent, but for the picture where that is the account's avatar. */
  vcard: { account: string; element: string };
}

export const vcardMigrations: Readonly<Record<string, Migration>> = {
  'xep-0054/001-vcard': {
    async up(db) {
      await db.schema
        .createTable('vcard')
        .addColumn('account', 'text', (column) =>
          column.primaryKey().notNull().references('account.jid').onDelete('cascade'),
        )
        .addColumn('element', 'text', (column) => column.notNull())
        .execute();
    },
  },
};

/** XEP-0054: the vCards of accounts. Their pictures are the avatars (XEP-0398). */
export class VCards {
  readonly #api: FeatureApi;
  readonly #avatars: Avatars;

  constructor(api: FeatureApi, avatars: Avatars) {
    this.#api = api;
    this.#avatars = avatars;
  }

  /** §3.1, §3.3. */
  async get({ target, session, account, from }: IqRequest): Promise<Element> {
    const owner = target === 'own' ? session?.account : account;
    // §3.3: no account and no vCard look the same.
    if (owner === undefined) throw new StanzaError('item-not-found');
    const stored = await this.#read(owner);
    const picture = stored?.child('PHOTO') === undefined ? await this.#avatars.find(owner, from) : undefined;
    if (stored === undefined && picture === undefined && target !== 'own') throw new StanzaError('item-not-found');
    const vcard = stored ?? xml('vCard', { xmlns: NS.vcardTemp });
    return picture === undefined ? vcard : vcard.append(photoElement(picture));
  }

  /** §3.2: in the place of what there was, the picture too. */
  async set({ session, payload }: IqRequest): Promise<undefined> {
    if (session === undefined) throw new StanzaError('forbidden');
    const { account } = session;
    const picture = await this.#store(account, payload);
    await this.#avatars.publish(account, picture);
    return undefined;
  }

  /** XEP-0227 §4.7: without the picture, which is among the nodes. */
  stored(account: AccountView): Promise<Element | undefined> {
    return this.#read(account);
  }

  /** Takes what was stored elsewhere. An avatar that is there already stays. */
  async restore(account: AccountView, vcard: Element): Promise<void> {
    const picture = await this.#store(account, vcard);
    if (picture !== undefined && this.#avatars.hash(account) === '') await this.#avatars.publish(account, picture);
  }

  /** Stores it without its picture, which it gives. */
  async #store(account: AccountView, payload: Element): Promise<Picture | undefined> {
    const limit = this.#api.config.pep.vcardBytes;
    if (limit > 0 && payload.toBytes().length > limit)
      throw new StanzaError('resource-constraint', { type: 'cancel', text: 'The vCard is too large.' });
    const photo = payload.child('PHOTO');
    const picture = readPicture(this.#api, photo?.child('BINVAL')?.text() ?? '', photo?.child('TYPE')?.text());
    const isElsewhere = photo?.child('EXTVAL') !== undefined;
    const kept = isElsewhere ? payload : payload.without((child) => child.is('PHOTO', NS.vcardTemp));
    await this.#api.hold(account, this.#write(account, kept));
    return picture;
  }

  async #read({ jid }: AccountView): Promise<Element | undefined> {
    const query = this.#api.store<Tables>().selectFrom('vcard').select('element').where('account', '=', jid.toString());
    const row = await query.executeTakeFirst();
    return row === undefined ? undefined : parseXml(row.element);
  }

  async #write({ jid }: AccountView, vcard: Element): Promise<void> {
    const element = vcard.toString();
    await this.#api
      .store<Tables>()
      .insertInto('vcard')
      .values({ account: jid.toString(), element })
      .onConflict((conflict) => conflict.column('account').doUpdateSet({ element }))
      .execute();
  }
}
