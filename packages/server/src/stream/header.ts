import { type Element, JID, NS, StreamError } from '@tutti/xmpp';

/** What the peer's stream header says: RFC 6120 §4.7. */
export interface StreamHeader {
  /** The served domain that it is for. */
  readonly domain: string;
  /** Whom the peer says it is: a bare JID; not to be believed before login. */
  readonly from: JID | undefined;
  /** The default language of what the peer sends: RFC 6120 §4.7.4. */
  readonly lang: string | undefined;
}

/** The name and namespace of the element that opens a stream in each framing. */
const OPENINGS = {
  stream: { name: 'stream', ns: NS.stream },
  document: { name: 'open', ns: NS.framing },
} as const;

/**
 * Checks the element that opens a stream.
 * @param open the open tag, or RFC 7395's `<open/>`
 * @param contentNs the default namespace that it declares for stanzas; undefined where each of them declares its own
 * @param servedDomain as in StreamHost
 * @returns what it says; throws the StreamError that fits what is wrong
 */
export function readHeader(
  open: Element,
  contentNs: string | undefined,
  framing: 'stream' | 'document',
  servedDomain: (name: string) => string | undefined,
): StreamHeader {
  const expected = OPENINGS[framing];
  // RFC 6120 §4.9.3.10: the stream's namespace; §4.9.3.1: its root element
  if (open.ns !== expected.ns) throw new StreamError('invalid-namespace');
  if (open.name !== expected.name) throw new StreamError('bad-format');
  if (contentNs !== undefined && contentNs !== NS.client) throw new StreamError('invalid-namespace');
  checkVersion(open.attrs['version']);
  const { to, from } = open.attrs;
  if (to === undefined) throw new StreamError('improper-addressing', "The header needs a 'to' attribute");
  const domain = servedDomain(to);
  if (domain === undefined) throw new StreamError('host-unknown');
  return { domain, from: readFrom(from, domain), lang: open.attrs['xml:lang'] };
}

/** RFC 6120 §4.7.5: a missing version is 0.9, which we do not speak; a higher one is answered with ours. */
function checkVersion(version: string | undefined): void {
  const [, major] = /^(\d{1,6})\.(\d{1,6})$/.exec(version ?? '') ?? [];
  if (major === undefined || Number(major) < 1) throw new StreamError('unsupported-version');
}

/** RFC 6120 §4.7.1, §4.9.3.9: `from` must be a JID of the domain addressed (XEP-0388 §2.1). */
function readFrom(from: string | undefined, domain: string): JID | undefined {
  if (from === undefined || from === '') return undefined;
  const jid = JID.tryParse(from);
  if (jid === undefined || jid.domain !== domain) throw new StreamError('invalid-from');
  return jid.local === '' ? undefined : jid.bare;
}
