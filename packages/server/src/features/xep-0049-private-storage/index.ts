import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import { type AccountView, defineFeature, type FeatureApi, type IqRequest } from '../../feature.ts';
import { convertBookmarks, LIST_ITEM } from './bookmarks.ts';
import { PrivateXml } from './private-xml.ts';
import { privateMigrations } from './schema.ts';

/** XEP-0049: a drawer of the account's own, one element for each name and namespace. Bookmarks in it are those of the account's nodes. */
export const privateStorage = defineFeature({
  spec: 'XEP-0049',
  version: '1.2',
  name: 'Private XML Storage',
  disco: { account: [NS.privateXml], domain: [NS.privateXml] },
  migrations: privateMigrations,
  setup(api) {
    const drawers = new PrivateXml(api);
    const route = { name: 'query', ns: NS.privateXml } as const;
    api.iq({ ...route, type: 'set', target: ['own'] }, async (request) => {
      const { account, elements } = readRequest(request);
      await store(api, drawers, account, elements);
      return undefined;
    });
    api.iq({ ...route, type: 'get', target: ['own'] }, async (request) => {
      const { account, elements } = readRequest(request);
      if (elements.length > 1) throw new StanzaError('bad-request');
      const [asked] = elements as [Element];
      const found =
        (isBookmarks(asked) ? await findBookmarks(api, account) : undefined) ?? (await drawers.read(account, asked));
      // §2.3: what is not there comes back as it was asked for.
      return xml('query', { xmlns: NS.privateXml }, found ?? asked);
    });
    // XEP-0227 §4.6; bookmarks are among the nodes.
    api.portable({
      async *write(account) {
        const stored = await drawers.all(account);
        if (stored.length > 0) yield xml('query', { xmlns: NS.privateXml }, ...stored);
      },
      async read(account, element) {
        if (!element.is('query', NS.privateXml)) return false;
        await store(api, drawers, account, element.elements);
        return true;
      },
    });
    for (const type of ['get', 'set'] as const) {
      api.iq({ ...route, type, target: ['account'] }, () => {
        throw new StanzaError('forbidden'); // §3: another user's drawer
      });
    }
  },
});

/** XEP-0402: bookmarks, the same ones whichever way a client keeps them. */
export const bookmarks = defineFeature({
  spec: 'XEP-0402',
  version: '1.2.0',
  name: 'PEP Native Bookmarks',
  note: 'unified with XEP-0048 in PEP and in private storage',
  disco: { account: [`${NS.bookmarks}#compat`, `${NS.bookmarks}#compat-pep`] },
  setup(api) {
    api.on('convertEvents', (account, change) => convertBookmarks(api, account, change));
  },
});

export const bookmarksConversion = defineFeature({
  spec: 'XEP-0411',
  version: '1.1.0',
  name: 'Bookmarks Conversion',
  disco: { account: [NS.bookmarksConversion] },
});

async function store(
  api: FeatureApi,
  drawers: PrivateXml,
  account: AccountView,
  elements: readonly Element[],
): Promise<void> {
  const others = elements.filter((element) => !isBookmarks(element));
  const list = elements.find(isBookmarks);
  if (list !== undefined && !(await storeBookmarks(api, account, list))) others.push(list);
  if (others.length > 0) await drawers.write(account, others);
}

/** XEP-0411 §3. False: their node is not private; they belong into the drawer. */
async function storeBookmarks(api: FeatureApi, account: AccountView, list: Element): Promise<boolean> {
  const events = api.personalEvents();
  const config = await events.config(account.jid, NS.bookmarksStorage);
  if (config !== undefined && config.accessModel !== 'whitelist') return false;
  const change = { node: NS.bookmarksStorage, publish: [{ id: LIST_ITEM, payload: list }] };
  await events.apply(account, [change]);
  return true;
}

async function findBookmarks(api: FeatureApi, account: AccountView): Promise<Element | undefined> {
  const events = api.personalEvents();
  const config = await events.config(account.jid, NS.bookmarksStorage);
  if (config?.accessModel !== 'whitelist') return undefined;
  return (await events.items(account.jid, NS.bookmarksStorage)).at(-1)?.payload;
}

function isBookmarks({ name, ns }: Element): boolean {
  return name === 'storage' && ns === NS.bookmarksStorage;
}

function readRequest({ session, payload }: IqRequest): { account: AccountView; elements: readonly Element[] } {
  if (session === undefined) throw new StanzaError('forbidden');
  const { elements } = payload;
  if (elements.length === 0) throw new StanzaError('bad-request'); // §2.3
  // §2.3: a namespace that is not the protocol's.
  if (elements.some(({ ns }) => ns === NS.privateXml)) throw new StanzaError('not-acceptable');
  return { account: session.account, elements };
}
