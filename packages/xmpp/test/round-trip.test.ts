import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Element, type Node, parseXml, StreamParser, xml } from '../src/index.ts';

// Any element that can be built can be written and read back, alone, in any context, changed or not.

const local = fc.constantFrom('a', 'b', 'body', 'x-1', '_y', 'é', '日本.');
const namespace = fc.constantFrom(
  'jabber:client',
  'urn:a',
  'urn:b',
  '',
  `urn:'"<&>\t`,
  'http://www.w3.org/XML/1998/namespace',
);
const text = fc
  .string({ unit: 'grapheme', maxLength: 8 })
  .filter((value) => !/[\0-\x08\v\f\x0E-\x1F\uFFFE\uFFFF]/.test(value));
const markup = fc.constantFrom(']]>', '<![CDATA[', '&amp;', `'"<>&`, '\r\n\t', '\u{10FFFF}');
const content = fc.oneof(text, markup);
const attributes = fc.dictionary(fc.constantFrom('to', 'xml:lang', 'id', 'é', 'toString'), content, { maxKeys: 4 });

const { element } = fc.letrec<{ element: Element; node: Node }>((tie) => ({
  element: fc
    .record({
      name: local,
      ns: namespace,
      attrs: attributes,
      prefixed: fc.boolean(),
      nodes: fc.array(tie('node'), { maxLength: 4 }),
    })
    .map(({ name, ns, attrs, prefixed, nodes }) =>
      xml(name, { ...attrs, xmlns: ns, ...(prefixed ? { 'xmlns:p': 'urn:p', 'p:q': 'r' } : {}) }, ...nodes),
    ),
  node: fc.oneof({ depthSize: 'small', withCrossShrink: true }, content, tie('element')),
}));

interface Plain {
  name: string;
  ns: string;
  attrs: Record<string, string>;
  children: (Plain | string)[];
}

function describeTree({ name, ns, attrs, children }: Element): Plain {
  return {
    name,
    ns,
    attrs: { ...attrs },
    children: children.map((node) => (typeof node === 'string' ? node : describeTree(node))),
  };
}

/** Reads what was written where `contextNs` is the default namespace. */
function readIn(contextNs: string, written: string): Element {
  const wrapped = xml('wrapper', { xmlns: contextNs })
    .toString()
    .replace('/>', () => `>${written}</wrapper>`);
  return parseXml(wrapped).elements[0]!;
}

const options = { numRuns: 500, seed: 409 };

describe('round trips', () => {
  test('an element that was built is read back the same, in any context', () => {
    fc.assert(
      fc.property(element, fc.constantFrom('', 'jabber:client', 'urn:a', 'urn:other'), (built, context) => {
        expect(describeTree(parseXml(built.toString()))).toEqual(describeTree(built));
        expect(describeTree(readIn(context, built.toString(context)))).toEqual(describeTree(built));
        expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(built.toBytes(context))).toBe(
          built.toString(context),
        );
      }),
      options,
    );
  });

  test('an element that was read is written the same before and after somebody looked inside', () => {
    fc.assert(
      fc.property(element, (built) => {
        const parsed = parseXml(built.toString());
        const before = parsed.toString('urn:a');
        describeTree(parsed);
        expect(parsed.toString('urn:a')).toBe(before);
        expect(describeTree(readIn('urn:a', before))).toEqual(describeTree(built));
      }),
      options,
    );
  });

  test('a child of what was read stands alone, and inside of something else', () => {
    fc.assert(
      fc.property(element, (built) => {
        for (const child of parseXml(built.toString()).elements) {
          expect(describeTree(parseXml(child.toString()))).toEqual(describeTree(child));
          const wrapped = xml('w', { xmlns: 'urn:w', 'xmlns:p': 'urn:other' }, 'text', child);
          expect(describeTree(parseXml(wrapped.toString()))).toEqual(describeTree(wrapped));
        }
      }),
      options,
    );
  });

  test('with, append and without do the same to what was read as to what was built', () => {
    const isBody = (child: Element): boolean => child.name === 'body' || child.name === 'a';
    fc.assert(
      fc.property(element, element, content, (built, added, words) => {
        const change = (subject: Element): Element =>
          subject
            .append(added, words)
            .without(isBody)
            .with({ id: '1', to: undefined })
            .append(added)
            .with({ new: words });
        const expected = describeTree(change(built));
        expect(describeTree(change(parseXml(built.toString())))).toEqual(expected);
        expect(describeTree(parseXml(change(parseXml(built.toString())).toString()))).toEqual(expected);
      }),
      options,
    );
  });

  test('a stream gives the stanzas that were written to it, and forwards their content as it came (I2)', () => {
    const open = `<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:client' xmlns:p='urn:p'>`;
    const limits = { stanzaBytes: 0, depth: 0, attributes: 0, nameBytes: 0 };
    fc.assert(
      fc.property(
        fc.array(element, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 64 }),
        (stanzas, size) => {
          const written = stanzas.map((stanza) => stanza.toString('jabber:client'));
          const bytes = new TextEncoder().encode(open + written.join(' '));
          const parser = new StreamParser(limits);
          const found: Element[] = [];
          for (let at = 0; at < bytes.length; at += size) {
            parser.write(bytes.subarray(at, at + size));
            for (let event = parser.next(); event !== undefined; event = parser.next()) {
              if (event.kind === 'element') found.push(event.element);
            }
          }
          expect(found.map((stanza) => innerOf(stanza.toString('jabber:client')))).toEqual(written.map(innerOf));
          expect(found.map(describeTree)).toEqual(stanzas.map(describeTree));
        },
      ),
      options,
    );
  });
});

/** What stands between the open tag and the end tag. */
function innerOf(written: string): string {
  return written.replace(/^<[^>]*>/, '').replace(/<\/[^>]*>$/, '');
}
