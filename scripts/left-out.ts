// What people may look for and not find, for the README and docs/compliance.md.

/** Specifications that Tutti leaves out on purpose, each with what to use instead. */
export const leftOut: readonly { readonly spec: string; readonly name: string; readonly instead: string }[] = [
  {
    spec: 'XEP-0065',
    name: 'SOCKS5 Bytestreams',
    instead:
      'no proxy for files from client to client: clients share them by XEP-0363; what they do directly between them is passed on like any request',
  },
  {
    spec: 'XEP-0248',
    name: 'PubSub Collection Nodes',
    instead: 'nodes are leaves; a client follows each that it wants',
  },
  {
    spec: 'XEP-0433',
    name: 'Extended Channel Search',
    instead: 'no search over rooms: each service lists its public rooms in pages (XEP-0045 §6.3)',
  },
];

/** As a Markdown list. */
export function makeLeftOutList(): string {
  return leftOut
    .map(({ spec, name, instead }) => {
      const address = `https://xmpp.org/extensions/${spec.toLowerCase()}.html`;
      return `- [${spec}](${address}), ${name}: ${instead}\n`;
    })
    .join('');
}
