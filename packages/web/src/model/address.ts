/** An address of a person, its parts as people write them: the server does the rest (RFC 7622 takes large tables). */
export interface Address {
  readonly local: string;
  readonly domain: string;
  readonly bare: string;
}

/** RFC 7622 §3.3.1, and what no name has. */
const FORBIDDEN = /["&'/:<>@\s]/;

/** The address that somebody wrote; a name alone is one of the domain. Undefined when it is not an address of a person. */
export function readAddress(text: string, domain: string): Address | undefined {
  const written = text
    .trim()
    .replace(/^xmpp:/i, '')
    .normalize('NFC')
    .toLowerCase();
  const at = written.indexOf('@');
  const local = at === -1 ? written : written.slice(0, at);
  const server = at === -1 ? domain : written.slice(at + 1);
  if (local === '' || server === '' || FORBIDDEN.test(local) || FORBIDDEN.test(server)) return undefined;
  return { local, domain: server, bare: `${local}@${server}` };
}
