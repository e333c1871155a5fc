import type { Element } from '@tutti/xmpp';

/** Whom the user blocks: JIDs as the server has them (XEP-0191). */
export type Blocklist = ReadonlySet<string>;

/** The list after `<blocklist/>`, or a push of `<block/>` or `<unblock/>`: XEP-0191 §3.2 to §3.5. */
export function applyBlocking(blocked: Blocklist, element: Element): Blocklist {
  const named = element.childrenNamed('item').map(({ attrs }) => attrs['jid'] ?? '');
  switch (element.name) {
    case 'blocklist':
      return new Set(named);
    case 'block':
      return new Set([...blocked, ...named]);
    case 'unblock':
      // §3.5: nobody named is everybody.
      return new Set(named.length === 0 ? [] : [...blocked].filter((jid) => !named.includes(jid)));
    default:
      return blocked;
  }
}
