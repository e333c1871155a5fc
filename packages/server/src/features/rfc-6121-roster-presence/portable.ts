import { type Element, JID, NS } from '@tutti/xmpp';
import type { AccountView, FeatureApi, PortableData } from '../../feature.ts';
import { itemElement, readItem, rosterElement } from './roster-items.ts';
import type { Subscription } from './roster.ts';
import type { Rosters } from './rosters.ts';

const SUBSCRIPTIONS: readonly string[] = ['none', 'to', 'from', 'both'] satisfies Subscription[];

/** XEP-0227 §3.4, §3.9: rosters, and the subscription requests that wait for an answer. */
export class PortableRosters implements PortableData {
  readonly #api: FeatureApi;
  readonly #rosters: Rosters;

  constructor(api: FeatureApi, rosters: Rosters) {
    this.#api = api;
    this.#rosters = rosters;
  }

  async *write(account: AccountView): AsyncGenerator<Element> {
    const items = [...this.#rosters.of(account).items.values()];
    if (items.length > 0) yield rosterElement(undefined, items.map(itemElement));
    yield* this.#rosters.store.requests(account.jid.toString());
  }

  async read(account: AccountView, element: Element): Promise<boolean> {
    const name = account.jid.toString();
    const roster = this.#rosters.of(account);
    if (element.is('query', NS.roster)) {
      for (const written of element.childrenNamed('item')) {
        const { jid, name: label, groups } = readItem(rosterElement(undefined, [written]), this.#api.config.limits);
        if (jid.equals(account.jid)) continue;
        const { subscription = 'none', ask, approved } = written.attrs;
        if (!SUBSCRIPTIONS.includes(subscription)) continue;
        const item = {
          jid,
          name: label,
          groups,
          subscription: subscription as Subscription,
          ask: ask === 'subscribe',
          approved: approved === 'true' || approved === '1',
          version: 0,
        };
        await this.#rosters.store.commit([{ account: name, roster, contact: jid, item }]);
      }
      return true;
    }
    if (!element.is('presence', NS.client) || element.attrs['type'] !== 'subscribe') return false;
    const contact = JID.tryParse(element.attrs['from'] ?? '')?.bare;
    if (contact === undefined || roster.requests.has(contact.toString())) return true;
    const request = element.with({ from: contact.toString(), to: name });
    await this.#rosters.store.commit([{ account: name, roster, contact, request }]);
    return true;
  }
}
