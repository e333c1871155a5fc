import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';

/** The node of this library's capabilities. */
const NODE = 'https://tutti.example/client';

/** What this client can do (XEP-0030), in the order in which it is hashed (XEP-0115 §5.1). */
const FEATURES: readonly string[] = [
  NS.caps,
  NS.discoInfo,
  NS.ping,
  NS.receipts,
  NS.chatMarkers,
  NS.chatStates,
  NS.messageCorrect,
  NS.messageRetract,
  NS.reactions,
  NS.reply,
  NS.displayedSync,
  // XEP-0490 §4.3: the server sends what other devices have displayed.
  `${NS.displayedSync}+notify`,
].toSorted();

const IDENTITY = { category: 'client', type: 'pc', name: 'Tutti' } as const;

let verification: Promise<string> | undefined;

/** XEP-0115 §4: what the presence says of it. */
export async function writeCaps(): Promise<Element> {
  return xml('c', { xmlns: NS.caps, hash: 'sha-1', node: NODE, ver: await verify() });
}

/** XEP-0030 §3, XEP-0115 §6.2: answers what a client can do. Throws StanzaError for a node that is not ours. */
export function answerInfo(iq: Element): Element {
  const node = iq.child('query', NS.discoInfo)?.attrs['node'];
  if (node !== undefined && !node.startsWith(`${NODE}#`)) throw new StanzaError('item-not-found');
  const features = FEATURES.map((feature) => xml('feature', { var: feature }));
  return xml('query', { xmlns: NS.discoInfo, node }, xml('identity', IDENTITY), ...features);
}

/** XEP-0115 §5.1: SHA-1, because that is what everybody knows; nothing secret rests on it. */
function verify(): Promise<string> {
  const { category, type, name } = IDENTITY;
  const text = `${[`${category}/${type}//${name}`, ...FEATURES].join('<')}<`;
  return (verification ??= crypto.subtle
    .digest('SHA-1', new TextEncoder().encode(text))
    .then((digest) => btoa(String.fromCharCode(...new Uint8Array(digest)))));
}
