import { atStart, choice, flag, limit, optionalTable, sizeLimit } from '../keys.ts';

/** XEP-0060. */
export const pubsub = optionalTable('Nodes that anybody can subscribe to (XEP-0060), at pubsub.DOMAIN.', {
  enabled: atStart(flag(true, 'Have the service.')),
  create: choice(
    ['accounts', 'anybody', 'admins'],
    'accounts',
    'Who may make nodes: the accounts of the domain, anybody, or those who are listed in `admins`.',
  ),
  nodes: limit(100, 'Nodes that one address may have made.'),
  node_name_bytes: sizeLimit('1 KiB', 'The longest name of a node, and the longest id of an item.'),
  config_bytes: sizeLimit('4 KiB', 'How much the form may say that describes a node: title, description and the like.'),
  items: limit(10_000, 'Items that one node may keep; what clients call "max".'),
  item_bytes: sizeLimit('256 KiB', 'The largest payload of an item.'),
  bytes: sizeLimit('64 MiB', 'Payloads in all nodes that one address has made, together.'),
  members: limit(10_000, 'Subscriptions that one node may have, and affiliations as many.'),
  subscriptions: limit(1000, 'Subscriptions that one address may have.'),
  page_items: limit(1000, 'Items in one answer; the rest is paged (XEP-0059).'),
  page_bytes: sizeLimit('1 MiB', 'Bytes of payloads after which an answer is full.'),
});
