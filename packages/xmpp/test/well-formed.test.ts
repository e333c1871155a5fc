import { describe, expect, test } from 'vitest';
import { parseXml, StreamParser, type XmlCondition, XmlError } from '../src/index.ts';

const LIMITS = { stanzaBytes: 10_000, depth: 20, attributes: 20, nameBytes: 100 };
const OPEN = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback'>`;

type Input = string | number[];

function toBytes(input: Input): Uint8Array {
  return typeof input === 'string' ? new TextEncoder().encode(input) : Uint8Array.from(input);
}

/** Text, with bytes that no string can hold between two halves. */
function around(before: string, bytes: number[], after: string): number[] {
  return [...toBytes(before), ...bytes, ...toBytes(after)];
}

function conditionOf(action: () => unknown): XmlCondition | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof XmlError) return error.condition;
    throw error;
  }
}

/** What the element does to the parser in a stream: in one piece, and byte by byte. */
function judge(input: Input): (XmlCondition | undefined)[] {
  const element = toBytes(input);
  return [
    conditionOf(() => runStream([toBytes(OPEN), element])),
    conditionOf(() => runStream([toBytes(OPEN), ...Array.from(element, (byte) => Uint8Array.of(byte))])),
  ];
}

function runStream(chunks: Uint8Array[]): number {
  const parser = new StreamParser(LIMITS);
  let elements = 0;
  for (const chunk of chunks) {
    parser.write(chunk);
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      if (event.kind === 'element') elements += 1;
    }
  }
  return elements;
}

const GOOD: Record<string, Input> = {
  'an empty element': '<a/>',
  'an element with an end tag': '<a></a>',
  'white space wherever it is allowed': `<a\t b = 'c'\r\n d="e" ><f /></a >`,
  'both kinds of quotes, each with the other inside': `<a b='"' c="'"/>`,
  'the five entities': '<a b="&lt;&gt;&amp;&apos;&quot;">&lt;&gt;&amp;&apos;&quot;</a>',
  'character references': '<a b="&#9;&#xA;">&#x10FFFF;&#x1f600;&#0065;</a>',
  "'>' in text and in a value": '<a b=">">></a>',
  "']]' in text, and ']]>' in a value": `<a b="]]>">]] ]>]&gt;</a>`,
  CDATA: '<a><![CDATA[<&]]>]]&gt;<![CDATA[]]]]><![CDATA[>]]></a>',
  'names of all sorts': '<_a-b.c1 é="1" xml:lang="en" b·c="2"><日本/><𐀀/></_a-b.c1>',
  'text of two, three and four bytes': '<a b="é€😀">é€😀\u0085\uFFFD\u{1FFFE}</a>',
  'a prefix declared on the element': `<p:a xmlns:p='urn:p' p:b='1' b='2'/>`,
  'a prefix declared on the stream': `<db:result db:x='1'/>`,
  'a prefix that means something else further inside': `<a xmlns:p='urn:p'><p:b xmlns:p='urn:q'><p:c/></p:b><p:d/></a>`,
  'two prefixes of one namespace, different attributes': `<a xmlns:p='urn:p' xmlns:q='urn:p' p:b='1' q:c='2'/>`,
  'the default namespace taken away': `<a xmlns=''><b/></a>`,
  'the prefix xml declared as what it is': `<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>`,
  'names of the same length and first letter': `<a bc='1' bd='2' be='3' xmlnt='4'/>`,
  'nine attributes': `<a a='' b='' c='' d='' e='' f='' g='' h='' i=''/>`,
};

const BAD: [string, Input, XmlCondition][] = [
  ['an end tag that does not match', '<a></b>', 'not-well-formed'],
  ['an end tag that goes on', '<a></ab>', 'not-well-formed'],
  ['an end tag that is too short', '<ab></a>', 'not-well-formed'],
  ['an end tag with an attribute', "<a></a b='c'>", 'not-well-formed'],
  ['an end tag with a space too early', '<a></ a>', 'not-well-formed'],
  ['elements that overlap', '<a><b></a></b>', 'not-well-formed'],
  ['the same prefix but another name', "<p:a xmlns:p='urn:p'></p:b>", 'not-well-formed'],
  [
    'an end tag with the namespace right and the prefix wrong',
    "<p:a xmlns:p='u:p' xmlns:q='u:p'></q:a>",
    'not-well-formed',
  ],
  ["a space behind '<'", '< a/>', 'not-well-formed'],
  ["nothing behind '<'", '<>', 'not-well-formed'],
  ["'<' twice", '<<a/>', 'not-well-formed'],
  ['a name that begins with a digit', '<1a/>', 'not-well-formed'],
  ['a name that begins with a hyphen', '<-a/>', 'not-well-formed'],
  ['a name that begins with U+00B7', '<·a/>', 'not-well-formed'],
  ['a name with a character that may not be there', '<a×/>', 'not-well-formed'],
  ['a name with a quote', "<a'b/>", 'not-well-formed'],
  ['two colons', "<p:a:b xmlns:p='urn:p'/>", 'not-well-formed'],
  ['a colon first', '<:a/>', 'not-well-formed'],
  ['a colon last', "<p: xmlns:p='urn:p'/>", 'not-well-formed'],
  ['a digit behind the colon', "<p:1 xmlns:p='urn:p'/>", 'not-well-formed'],
  ['an attribute without a value', '<a b/>', 'not-well-formed'],
  ["an attribute without '='", "<a b 'c'/>", 'not-well-formed'],
  ['an attribute without quotes', '<a b=c/>', 'not-well-formed'],
  ['an attribute named by a digit', "<a 1='c'/>", 'not-well-formed'],
  ['attributes without space between them', "<a b='c'd='e'/>", 'not-well-formed'],
  ['an attribute there twice', `<a b='c' b="d"/>`, 'not-well-formed'],
  ['an attribute there twice among many', `<a a='' b='' c='' d='' e='' f='' g='' h='' i='' e=''/>`, 'not-well-formed'],
  ['a declaration there twice', `<a xmlns='u:a' xmlns='u:a'/>`, 'not-well-formed'],
  [
    'an attribute there twice by two prefixes',
    `<a xmlns:p='urn:p' xmlns:q='urn:p' p:b='1' q:b='2'/>`,
    'not-well-formed',
  ],
  ["'<' in a value", "<a b='<'/>", 'not-well-formed'],
  ["a '/' that is not at the end", '<a / b="c">', 'not-well-formed'],
  ["'//>'", '<a//>', 'not-well-formed'],
  ["']]>' in text", '<a>]]></a>', 'not-well-formed'],
  ["']]]>' in text", '<a>]]]></a>', 'not-well-formed'],
  ['CDATA misspelt', '<a><![CDATX[]]></a>', 'not-well-formed'],
  ['CDATA in lower case', '<a><![cdata[]]></a>', 'not-well-formed'],
  ['an ampersand alone', '<a>& </a>', 'not-well-formed'],
  ['an empty reference', '<a>&;</a>', 'not-well-formed'],
  ['an empty character reference', '<a>&#;</a>', 'not-well-formed'],
  ['an empty hexadecimal reference', '<a>&#x;</a>', 'not-well-formed'],
  ['an upper-case X', '<a>&#X41;</a>', 'not-well-formed'],
  ['a hexadecimal digit in a decimal reference', '<a>&#4a;</a>', 'not-well-formed'],
  ['a reference to NUL', '<a>&#0;</a>', 'not-well-formed'],
  ['a reference to a control character', '<a b="&#x1F;"/>', 'not-well-formed'],
  ['a reference to a surrogate', '<a>&#xD800;</a>', 'not-well-formed'],
  ['a reference to U+FFFE', '<a>&#xFFFE;</a>', 'not-well-formed'],
  ['a reference above U+10FFFF', '<a>&#x110000;</a>', 'not-well-formed'],
  ['a reference that overflows', '<a>&#99999999999999999999;</a>', 'not-well-formed'],
  ['a reference with endless zeros', `<a>&#${'0'.repeat(40)}65;</a>`, 'policy-violation'],
  ['a NUL in text', '<a>\0</a>', 'not-well-formed'],
  ['a control character in text', '<a>\u0001</a>', 'not-well-formed'],
  ['a control character in a value', "<a b='\u001F'/>", 'not-well-formed'],
  ['a control character in CDATA', '<a><![CDATA[\u0008]]></a>', 'not-well-formed'],
  ['a control character in a name', '<a\u0001/>', 'not-well-formed'],
  ['U+FFFE', '<a>\uFFFE</a>', 'not-well-formed'],
  ['U+FFFF in a value', "<a b='\uFFFF'/>", 'not-well-formed'],
  ['U+FFFF in CDATA', '<a><![CDATA[\uFFFF]]></a>', 'not-well-formed'],
  ['a byte of Latin-1', around('<a>', [0xe9], '</a>'), 'unsupported-encoding'],
  ['a continuation byte alone', around('<a>', [0x80], '</a>'), 'unsupported-encoding'],
  ['an overlong form of two bytes', around('<a>', [0xc0, 0xaf], '</a>'), 'unsupported-encoding'],
  ['an overlong form of three bytes', around('<a>', [0xe0, 0x9f, 0xbf], '</a>'), 'unsupported-encoding'],
  ['an overlong form of four bytes', around('<a>', [0xf0, 0x8f, 0xbf, 0xbf], '</a>'), 'unsupported-encoding'],
  ['a surrogate as UTF-8', around('<a>', [0xed, 0xa0, 0x80], '</a>'), 'unsupported-encoding'],
  ['above U+10FFFF as UTF-8', around('<a>', [0xf4, 0x90, 0x80, 0x80], '</a>'), 'unsupported-encoding'],
  ['a lead byte of five', around('<a>', [0xf8, 0x88, 0x80, 0x80, 0x80], '</a>'), 'unsupported-encoding'],
  ['a sequence cut off after two bytes', around('<a>', [0xe2, 0x82], '</a>'), 'unsupported-encoding'],
  ['a sequence cut off after three bytes', around('<a>', [0xf0, 0x9f, 0x98], '</a>'), 'unsupported-encoding'],
  ['no UTF-8 in a value', around("<a b='", [0xff], "'/>"), 'unsupported-encoding'],
  ['no UTF-8 in a name', around('<a', [0xc3, 0x28], '/>'), 'unsupported-encoding'],
  ['no UTF-8 in CDATA', around('<a><![CDATA[', [0xfe], ']]></a>'), 'unsupported-encoding'],
  ['a comment', '<a><!-- b --></a>', 'restricted-xml'],
  ['a comment between stanzas', '<!-- b -->', 'restricted-xml'],
  ['a processing instruction', '<a><?b?></a>', 'restricted-xml'],
  ['a processing instruction between stanzas', '<?b?>', 'restricted-xml'],
  ['a document type', '<!DOCTYPE a>', 'restricted-xml'],
  ['an entity declaration inside', '<a><!ENTITY b "c"></a>', 'restricted-xml'],
  ['an entity of its own', '<a>&b;</a>', 'restricted-xml'],
  ['an entity of HTML', '<a b="&nbsp;"/>', 'restricted-xml'],
  ['an entity that begins like a predefined one', '<a>&ampere;</a>', 'restricted-xml'],
  ['a predefined entity in capitals', '<a>&AMP;</a>', 'restricted-xml'],
  ['a prefix nobody declared, on an element', '<p:a/>', 'bad-namespace-prefix'],
  ['a prefix nobody declared, on an attribute', "<a p:b='c'/>", 'bad-namespace-prefix'],
  ['a prefix nobody declared, inside', '<a><b><p:c/></b></a>', 'bad-namespace-prefix'],
  ['a prefix after its element ended', `<a><b xmlns:p='urn:p'/><p:c/></a>`, 'bad-namespace-prefix'],
  ['a prefix declared as nothing', `<a xmlns:p=''/>`, 'bad-namespace-prefix'],
  ['the prefix xmlns declared', `<a xmlns:xmlns='urn:p'/>`, 'bad-namespace-prefix'],
  ['the prefix xmlns on an element', '<xmlns:a/>', 'bad-namespace-prefix'],
  ['the prefix xml declared as something else', `<a xmlns:xml='urn:p'/>`, 'bad-namespace-prefix'],
  ["another prefix for xml's namespace", `<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>`, 'bad-namespace-prefix'],
  ["xml's namespace as the default", `<a xmlns='http://www.w3.org/XML/1998/namespace'/>`, 'bad-namespace-prefix'],
  ["xmlns's namespace as the default", `<a xmlns='http://www.w3.org/2000/xmlns/'/>`, 'bad-namespace-prefix'],
  [
    "xmlns's namespace, written with a reference",
    `<a xmlns:p='http://www.w3.org/2000/xmlns&#x2f;'/>`,
    'bad-namespace-prefix',
  ],
];

describe('RFC 6120 §11 what is accepted', () => {
  test.each(Object.entries(GOOD))('%s', (_, input) => {
    expect(judge(input)).toEqual([undefined, undefined]);
    expect(runStream([toBytes(OPEN), toBytes(input), toBytes(' '), toBytes(input)])).toBe(2);
  });
});

describe('RFC 6120 §4.9.3 what is refused, and the stream error it gets', () => {
  test.each(BAD)('%s', (_, input, condition) => {
    expect(judge(input)).toEqual([condition, condition]);
    expect(conditionOf(() => parseXml(toBytes(input)))).toBe(condition);
  });

  test('text and declarations between stanzas', () => {
    for (const text of ['a', ' a', '&amp;', 'é', '>']) expect(judge(text)).toEqual(['bad-format', 'bad-format']);
    expect(judge('\0')).toEqual(['not-well-formed', 'not-well-formed']);
    expect(judge([0xc0, 0x80])).toEqual(['unsupported-encoding', 'unsupported-encoding']);
    expect(judge("<?xml version='1.0'?>")).toEqual(['restricted-xml', 'restricted-xml']);
    expect(judge('<![CDATA[a]]>')).toEqual(['restricted-xml', 'restricted-xml']);
  });
});

describe('before the stream and after it', () => {
  const cases: [string, Input, XmlCondition | undefined][] = [
    ['an XML declaration', `<?xml version='1.0'?>${OPEN}`, undefined],
    [
      'an XML declaration with everything',
      `<?xml version="1.0" encoding='utf-8' standalone="yes" ?>\n${OPEN}`,
      undefined,
    ],
    ['a byte order mark', around('', [0xef, 0xbb, 0xbf], `<?xml version='1.0'?>${OPEN}`), undefined],
    ['white space without a declaration', ` \r\n\t${OPEN}`, undefined],
    ['another encoding', `<?xml version='1.0' encoding='ISO-8859-1'?>${OPEN}`, 'unsupported-encoding'],
    ['another version', `<?xml version='1.1'?>${OPEN}`, 'not-well-formed'],
    ['no version', `<?xml encoding='UTF-8'?>${OPEN}`, 'not-well-formed'],
    ['a declaration in disorder', `<?xml version='1.0' standalone='yes' encoding='UTF-8'?>${OPEN}`, 'not-well-formed'],
    ['a declaration after white space', ` <?xml version='1.0'?>${OPEN}`, 'restricted-xml'],
    ['two declarations', `<?xml version='1.0'?><?xml version='1.0'?>${OPEN}`, 'restricted-xml'],
    ['another processing instruction', `<?xml-stylesheet href='a'?>${OPEN}`, 'restricted-xml'],
    ['a declaration without end', `<?xml version='1.0'${' '.repeat(300)}`, 'policy-violation'],
    ['a document type', `<?xml version='1.0'?><!DOCTYPE stream>${OPEN}`, 'restricted-xml'],
    ['a comment', `<!-- hello -->${OPEN}`, 'restricted-xml'],
    ['UTF-16', [0xff, 0xfe, 0x3c, 0x00], 'unsupported-encoding'],
    ['a second byte order mark', around('', [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf], OPEN), 'not-well-formed'],
    ['HTTP', 'GET / HTTP/1.1\r\n\r\n', 'not-well-formed'],
    ['TLS', [0x16, 0x03, 0x01, 0x02], 'not-well-formed'],
    ['an end tag', '</stream:stream>', 'not-well-formed'],
    ['a prefix nobody declared', "<stream:stream xmlns='jabber:client'>", 'bad-namespace-prefix'],
    ['the end', `${OPEN}</stream:stream>`, undefined],
    ['the end with white space', `${OPEN} </stream:stream \n> \n`, undefined],
    ['another end tag', `${OPEN}</stream:strea>`, 'not-well-formed'],
    ['a longer end tag', `${OPEN}</stream:streams>`, 'not-well-formed'],
    ['the end tag of another prefix', `${OPEN}</db:stream>`, 'not-well-formed'],
    ['something after the end', `${OPEN}</stream:stream><a/>`, 'not-well-formed'],
    ['text after the end', `${OPEN}</stream:stream>a`, 'not-well-formed'],
  ];

  test.each(cases)('%s', (_, input, condition) => {
    const bytes = toBytes(input);
    expect(conditionOf(() => runStream([bytes]))).toBe(condition);
    expect(conditionOf(() => runStream(Array.from(bytes, (byte) => Uint8Array.of(byte))))).toBe(condition);
  });
});
