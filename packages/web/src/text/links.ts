/** A part of a text: a link where there is an address. */
export interface TextPart {
  readonly text: string;
  readonly href?: string;
}

/** What looks like an address; whether it is one, and may be followed, is decided by `readSafeUrl`. */
const CANDIDATE = /\b(?:https?:\/\/|xmpp:|mailto:)[^\s<>"“”]+/giu;
const SAFE = new Set(['http:', 'https:', 'xmpp:', 'mailto:']);
const PICTURE = /\.(?:png|jpe?g|gif|webp|avif)$/i;

/** The address, if it is one that a page may follow: no script, no data, no file. */
export function readSafeUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  return url !== null && SAFE.has(url.protocol) ? url : undefined;
}

/** The address, if it is one on the web. */
export function readWebUrl(text: string): URL | undefined {
  const url = readSafeUrl(text);
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url : undefined;
}

/** Whether an address is that of a picture, as far as its name tells. */
export function isPicture(url: URL): boolean {
  return PICTURE.test(url.pathname);
}

/** Finds the links in a text. All parts joined are the text. */
export function splitLinks(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(CANDIDATE)) {
    const address = trimAddress(found);
    if (readSafeUrl(address) === undefined) continue;
    if (index > end) parts.push({ text: text.slice(end, index) });
    parts.push({ text: address, href: address });
    end = index + address.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** Without the sentence's punctuation behind it, and a bracket that was opened before it. */
function trimAddress(found: string): string {
  let address = found;
  for (;;) {
    const last = address.at(-1) ?? '';
    const opening = { ')': '(', ']': '[', '}': '{' }[last];
    const isUnopened = opening !== undefined && address.split(opening).length < address.split(last).length;
    if (!isUnopened && !/[.,;:!?'’…*_~]/.test(last)) return address;
    address = address.slice(0, -1);
  }
}
