import { limit, optionalTable, sizeLimit } from '../keys.ts';

/** XEP-0163. */
export const pep = optionalTable(
  "The accounts' own nodes: avatars, bookmarks, keys and whatever clients keep (PEP, XEP-0163).",
  {
    nodes: limit(1000, 'Nodes that one account may have.'),
    node_name_bytes: sizeLimit('1 KiB', 'The longest name of a node, and the longest id of an item.'),
    config_bytes: sizeLimit(
      '4 KiB',
      'How much the form may say that describes a node: title, description and the like.',
    ),
    items: limit(10_000, 'Items that one node may keep; what clients call "max".'),
    item_bytes: sizeLimit('256 KiB', 'The largest payload of an item.'),
    bytes: sizeLimit('64 MiB', 'Payloads of all nodes of one account together.'),
    members: limit(1000, 'Subscriptions that one node may have, and affiliations as many.'),
    subscriptions: limit(1000, 'Subscriptions that one address may have at the nodes of one account.'),
    page_items: limit(1000, 'Items in one answer; the rest is paged (XEP-0059).'),
    page_bytes: sizeLimit('1 MiB', 'Bytes of payloads after which an answer is full.'),
    watchers: limit(1000, 'Resources on other servers whose capabilities are remembered for one account.'),
    caps: limit(2000, 'Kinds of clients whose capabilities are remembered (XEP-0115), all together.'),
    caps_bytes: sizeLimit('16 KiB', "The largest answer that tells a client's capabilities."),
    private_bytes: sizeLimit('1 MiB', 'What one account may keep in its private storage (XEP-0049).'),
    vcard_bytes: sizeLimit('256 KiB', 'The largest vCard (XEP-0054), the picture included.'),
  },
);
