/** What a byte means to the scanner, one table per place. Zero is always "nothing special: go on". */

/** Byte classes inside character data. */
export const IN_TEXT = new Uint8Array(256);
/** Byte classes inside an attribute value. */
export const IN_VALUE = new Uint8Array(256);
/** Byte classes inside a name; here zero means "not part of a name". */
export const IN_NAME = new Uint8Array(256);

export const PLAIN = 0;
export const OPENS = 1; // '<'
export const REFERENCE = 2; // '&'
export const BRACKET = 3; // '>', which may end a forbidden ']]>'
export const MULTIBYTE = 4; // 0x80 and above: UTF-8
export const ILLEGAL = 5; // control characters (XML 1.0 §2.2)
export const QUOTE = 6;
export const SPACE = 7;

export const NAME_CHAR = 1; // ASCII that may stand after the first place
export const NAME_START = 2; // ASCII that may stand anywhere
const COLON = 3; // between a prefix and the rest

for (let byte = 0; byte < 0x20; byte += 1) {
  const space = byte === 0x09 || byte === 0x0a || byte === 0x0d;
  IN_TEXT[byte] = space ? PLAIN : ILLEGAL;
  IN_VALUE[byte] = space ? SPACE : ILLEGAL;
}
IN_TEXT[0x3c] = IN_VALUE[0x3c] = OPENS;
IN_TEXT[0x26] = IN_VALUE[0x26] = REFERENCE;
IN_TEXT[0x3e] = BRACKET;
IN_VALUE[0x27] = IN_VALUE[0x22] = QUOTE;
for (let byte = 0x80; byte < 0x100; byte += 1) IN_TEXT[byte] = IN_VALUE[byte] = IN_NAME[byte] = MULTIBYTE;

for (const [first, last] of ['az', 'AZ', '__']) {
  for (let byte = first!.charCodeAt(0); byte <= last!.charCodeAt(0); byte += 1) IN_NAME[byte] = NAME_START;
}
for (const char of '0123456789-.') IN_NAME[char.charCodeAt(0)] = NAME_CHAR;
IN_NAME[0x3a] = COLON;
