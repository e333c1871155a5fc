import { type Element, NS, parseXml, StanzaError, xml } from '@tutti/xmpp';
import { defineFeature, type IqRequest } from '../../../packages/server/src/feature.ts';

interface Tables {
  /** One element for each namespace, as it was sent. */
  private_xml: { account: string; ns: string; element: string };
}

/** XEP-0049: a drawer of the account's own, one element for each namespace. */
export const privateStorage = defineFeature({
  spec: 'XEP-0049',
  version: '1.2',
  name: 'Private XML Storage',
  disco: { account: [NS.privateXml] },
  migrations: {
    'xep-0049/001-private-xml': {
      async up(db) {
        await db.schema
          .createTable('private_xml')
          .addColumn('account', 'text', (column) => column.notNull().references('account.jid').onDelete('cascade'))
          .addColumn('ns', 'text', (column) => column.notNull())
          .addColumn('element', 'text', (column) => column.notNull())
          .addPrimaryKeyConstraint('private_xml_key', ['account', 'ns'])
          .execute();
      },
    },
  },
  setup(api) {
    const db = api.store<Tables>();

    api.iq({ type: 'set', name: 'query', ns: NS.privateXml, target: ['own'] }, async (request) => {
      const { account, elements } = readRequest(request);
      const rows = elements.map((element) => ({ account, ns: element.ns, element: element.toString() }));
      await db.replaceInto('private_xml').values(rows).execute();
      return undefined;
    });

    api.iq({ type: 'get', name: 'query', ns: NS.privateXml, target: ['own'] }, async (request) => {
      const { account, elements } = readRequest(request);
      const [asked] = elements as [Element];
      const found = await db
        .selectFrom('private_xml')
        .select('element')
        .where('account', '=', account)
        .where('ns', '=', asked.ns)
        .executeTakeFirst();
      // §2.3: what is not there comes back as it was asked for.
      return xml('query', { xmlns: NS.privateXml }, found === undefined ? asked : parseXml(found.element));
    });

    for (const type of ['get', 'set'] as const) {
      api.iq({ type, name: 'query', ns: NS.privateXml, target: ['account'] }, () => {
        throw new StanzaError('forbidden'); // §3: another user's drawer
      });
    }
  },
});

function readRequest({ account, payload }: IqRequest): { account: string; elements: readonly Element[] } {
  if (account === undefined) throw new StanzaError('forbidden');
  const { elements } = payload;
  if (elements.length === 0) throw new StanzaError('bad-request'); // §2.3, in the words of RFC 6120
  return { account: account.jid.toString(), elements };
}
