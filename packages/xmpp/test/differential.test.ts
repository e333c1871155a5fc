import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, test } from 'vitest';
import { type Element, parseXml, XmlError } from '../src/index.ts';

// saxes, an independent strict parser, is the oracle: where it finds a document well-formed, so must we, and the trees must be
// equal. What RFC 6120 forbids beyond XML, and what saxes is known to let through, is told apart below.

type Tree = [name: string, ns: string, attributes: [string, string][], children: (Tree | string)[]];

/** The tree that saxes sees; undefined when it finds the text malformed. */
function readBySaxes(text: string): Tree | undefined {
  const parser = new SaxesParser({ xmlns: true, fragment: false });
  const root: Tree = ['', '', [], []];
  const open: Tree[] = [root];
  let failed = false;
  const addText = (part: string): void => {
    const children = open.at(-1)![3];
    const last = children.at(-1);
    if (typeof last === 'string') children[children.length - 1] = last + part;
    else if (part !== '') children.push(part);
  };
  parser.on('error', () => {
    failed = true;
  });
  parser.on('opentag', (tag) => {
    const attributes = Object.values(tag.attributes).filter(({ name }) => !/^xmlns(:|$)/.test(name));
    const names = attributes.map(({ name, value }): [string, string] => [name, value]);
    const element: Tree = [tag.local, tag.uri, names.toSorted(), []];
    open.at(-1)![3].push(element);
    open.push(element);
  });
  parser.on('closetag', () => open.pop());
  parser.on('text', (part) => open.length > 1 && addText(part));
  parser.on('cdata', addText);
  parser.write(text).close();
  const [element] = root[3];
  return failed || typeof element === 'string' ? undefined : element;
}

function readTree(element: Element): Tree {
  const children = element.children.map((node) => (typeof node === 'string' ? node : readTree(node)));
  return [element.name, element.ns, Object.entries(element.attrs).toSorted(), children];
}

function readByUs(text: string): Tree | XmlError {
  try {
    return readTree(parseXml(text));
  } catch (error) {
    if (error instanceof XmlError) return error;
    throw error;
  }
}

/** RFC 6120 §11.1 forbids these, so a refusal by us needs no agreement. */
function isRestricted(text: string): boolean {
  return /<[!?]/.test(text.replaceAll('<![CDATA[', '')) || /&(?!#|(?:lt|gt|amp|apos|quot);)/.test(text);
}

/** Where saxes 6.0.0 accepts what the specifications forbid, and how to mend a text in that respect. */
const KNOWN_GAPS: { what: string; example: string; mend: (text: string) => string }[] = [
  {
    what: 'the part of a name behind its colon may begin with what may not begin a name (Namespaces in XML 1.0 §4)',
    example: `<p:-a xmlns:p='u' p:1=''/>`,
    mend: (text) => text.replace(/((?:<\/?|\s)[^\s<>=:'"/]+:)(?=[-.\d·\p{Mn}\u203F\u2040])/gu, '$1_'),
  },
  {
    what: 'white space around a namespace name is dropped, so that two namespaces are one (Namespaces in XML 1.0 §2.3)',
    example: `<p:a xmlns:p=' u'/>`,
    mend: (text) =>
      text.replace(
        /(xmlns(?::[^\s=]*)?\s*=\s*)(['"])(.*?)\2/gsu,
        (_, name: string, quote: string, uri: string) => name + quote + uri.trim() + quote,
      ),
  },
];

/** Undefined when we and saxes agree on a text, apart from known gaps; otherwise what is wrong. */
function compare(text: string): string | undefined {
  const wrong = compareVerdicts(text);
  const mended = KNOWN_GAPS.reduce((mending, gap) => gap.mend(mending), text);
  return wrong === undefined || mended === text ? wrong : compareVerdicts(mended);
}

function compareVerdicts(text: string): string | undefined {
  const theirs = readBySaxes(text);
  const ours = readByUs(text);
  if (ours instanceof XmlError) {
    if (theirs === undefined || isRestricted(text)) return undefined;
    return `we refuse what saxes accepts: ${ours.condition}, ${ours.message}`;
  }
  if (theirs === undefined) return 'we accept what saxes refuses';
  const same = JSON.stringify(ours) === JSON.stringify(theirs);
  return same ? undefined : `the trees differ: ${JSON.stringify(ours)} and ${JSON.stringify(theirs)}`;
}

const CORPUS = [
  `<message from='romeo@montague.example/orchard' to="juliet@capulet.example" id='a1' type='chat' xml:lang='en'><body>Neither, fair saint &amp; more</body></message>`,
  `<iq type='result' id='2'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im'/><feature var='urn:xmpp:mam:2'/></query></iq>`,
  `<presence xmlns='jabber:client'><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v='/><x>é€😀 &#x41;&#66;</x></presence>`,
  `<p:a xmlns:p='urn:p' xmlns:q="urn:q" xmlns='urn:d' p:b='1' q:b='2' b='3'><c/><p:d xmlns:p='urn:e' p:f='&lt;'>g</p:d><q:h/></p:a>`,
  `<a><![CDATA[<not> & a tag]]> ]] &gt; <b c = 'd\te\r\nf'\n></b ><b\tc='"' d="'"/></a >`,
  `<a xmlns='u'><b xmlns=''><c/></b><xml:d xml:e='f'/></a>`,
  ` <é·-. ü='1'>\r\n\r &quot;&apos;</é·-.>\n`,
  `<a a='' b='' c='' d='' e='' f='' g='' h='' i='' xmlns:j='urn:j' j:a=''/>`,
];
const PIECES = [
  // oxlint-disable-next-line typescript/no-misused-spread -- code points are what is wanted
  ...`<>/='"&;:!?[]#xXa1 \t\n\r-._\u0000\u0001\u007F\u0085é·€\u2028\uFFFD\uFFFE😀`,
  '</',
  '/>',
  ']]>',
  '<![CDATA[',
  '&lt;',
  '&#',
  '&#x',
  '&#0;',
  '&#x110000;',
  '&amp',
  '<!--',
  '<?',
  'xmlns',
  ' xmlns=',
  ` xmlns:p='u'`,
  ` p:b='1'`,
  ` a='1'`,
  'p:',
  'xml:',
  'xmlns:',
  '<a>',
  '</a>',
  '<p:c/>',
  ` xmlns:p=''`,
  `='http://www.w3.org/2000/xmlns/'`,
  ` xmlns:xml='http://www.w3.org/XML/1998/namespace'`,
  ` xmlns='http://www.w3.org/XML/1998/namespace'`,
];

const edit = fc.record({
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 6 })),
  insert: fc.oneof(fc.constant(''), fc.constantFrom(...PIECES)),
});

describe('differential: saxes as the oracle', () => {
  test.each(CORPUS)('agrees on %s', (text) => {
    expect(readBySaxes(text)).toBeDefined();
    expect(compare(text)).toBeUndefined();
  });

  test.each(KNOWN_GAPS)('known gap of saxes: $what', ({ example, mend }) => {
    expect(compareVerdicts(example)).toBeDefined();
    expect(compareVerdicts(mend(example))).toBeUndefined();
  });

  test('mutated stanzas', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.constantFrom(...CORPUS), fc.array(edit, { minLength: 1, maxLength: 3 }), (original, edits) => {
        let text = original;
        for (const { place, remove, insert } of edits) {
          const at = Math.floor(place * text.length);
          text = text.slice(0, at) + insert + text.slice(at + remove);
        }
        if (!text.isWellFormed()) return;
        if (!(readByUs(text) instanceof XmlError)) accepted += 1;
        expect(compare(text)).toBeUndefined();
      }),
      { numRuns: 20_000, seed: 409 },
    );
    expect(accepted).toBeGreaterThan(1000); // or the mutations would be too coarse to prove anything
  }, 20_000);
});
