// Everything that XML 1.0 §2.2 does not allow in a document, even as a character reference. A lone half of a surrogate
// pair counts. It can only come from our own side, and one such character would cost the receiver its whole stream.
const ILLEGAL = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;
const TEXT_SPECIAL = /[&<>\r\0-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;
const ATTRIBUTE_SPECIAL = /[&<>'"\0-\u001F\uFFFE\uFFFF]/;

/**
 * Escapes character data. A carriage return becomes a character reference, because parsers normalize it (XML 1.0 §2.11);
 * characters that XML cannot carry at all become U+FFFD.
 */
export function escapeText(text: string): string {
  if (!TEXT_SPECIAL.test(text) && text.isWellFormed()) return text;
  return text
    .replace(ILLEGAL, '\uFFFD')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/\r/g, '&#13;');
}

/**
 * Escapes an attribute value for either kind of quotes. Tab, line feed and carriage return become character references,
 * because parsers turn them into spaces (XML 1.0 §3.3.3); characters that XML cannot carry become U+FFFD.
 */
export function escapeAttribute(value: string): string {
  if (!ATTRIBUTE_SPECIAL.test(value) && value.isWellFormed()) return value;
  return escapeText(value)
    .replace(/'/g, '&apos;')
    .replace(/"/g, '&quot;')
    .replace(/\t/g, '&#9;')
    .replace(/\n/g, '&#10;');
}
