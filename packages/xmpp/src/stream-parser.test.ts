import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type StreamEvent, StreamParser, XmlError } from './index.ts';
import type { ParserLimits } from './stream-parser.ts';

const NO_LIMITS: ParserLimits = { stanzaBytes: 0, depth: 0, attributes: 0, nameBytes: 0 };
const OPEN = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example' version='1.0'>`;
const CLOSE = '</stream:stream>';

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Everything the parser says, one line per event and one for the error that ended it. */
function transcribe(
  chunks: Iterable<Uint8Array>,
  limits = NO_LIMITS,
  framing: 'stream' | 'document' = 'stream',
): string[] {
  const parser = new StreamParser(limits, framing);
  const lines: string[] = [];
  try {
    for (const chunk of chunks) {
      parser.write(chunk);
      for (let event = parser.next(); event !== undefined; event = parser.next()) lines.push(describeEvent(event));
    }
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    lines.push(error.condition);
  }
  return lines;
}

function describeEvent(event: StreamEvent): string {
  return event.kind === 'close' ? 'close' : `${event.kind} ${event.element.toString('jabber:client')}`;
}

function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length]!;
    yield bytes.slice(at, at + size);
    at += size;
  }
}

describe('stream framing', () => {
  test('gives the open tag, whole stanzas and the end; white space between stanzas is keepalive (RFC 6120 §4.6.1)', () => {
    const parser = new StreamParser(NO_LIMITS);
    parser.write(
      encode(`<?xml version='1.0'?>\n${OPEN} \n <presence/>\t<message to='a'><body>hi</body></message>${CLOSE}`),
    );
    const open = parser.next();
    expect(
      open?.kind === 'open' && [open.element.name, open.element.ns, open.element.attrs['to'], open.contentNs],
    ).toEqual(['stream', 'http://etherx.jabber.org/streams', 'example', 'jabber:client']);
    expect(describeEvent(parser.next()!)).toBe('element <presence/>');
    expect(describeEvent(parser.next()!)).toBe(`element <message to='a'><body>hi</body></message>`);
    expect(parser.next()).toEqual({ kind: 'close' });
    expect(parser.next()).toBeUndefined();
    parser.write(encode(' '));
    expect(parser.next()).toBeUndefined();
  });

  test('a stream without a prefix, and one that is empty', () => {
    const ns = 'http://etherx.jabber.org/streams';
    expect(transcribe([encode(`<stream xmlns='${ns}'><features/></stream>`)])).toEqual([
      `open <stream xmlns='${ns}'/>`,
      `element <features xmlns='${ns}'/>`,
      'close',
    ]);
    expect(transcribe([encode(OPEN.replace('>', '/>'))]).map((line) => line.split(' ')[0])).toEqual(['open', 'close']);
  });

  test('the content namespace is whatever the stream declares (RFC 6120 §4.8.2)', () => {
    const [, stanza] = transcribe([
      encode(`${OPEN.replace('jabber:client', 'jabber:server')}<message><body/></message>`),
    ]);
    expect(stanza).toBe(`element <message xmlns='jabber:server'><body/></message>`);
  });

  test('a stanza carries the prefixes that it takes from the stream, and no others', () => {
    const open = OPEN.replace('>', ` xmlns:p='urn:p' xmlns:q='urn:q' xmlns:r='urn:r'>`);
    const stanzas = `<a><b><p:c/></b></a><a q:x='1'/><p:a/><a><p:b xmlns:p='urn:own'/></a><a/>`;
    expect(transcribe([encode(open + stanzas)]).slice(1)).toEqual([
      `element <a xmlns:p='urn:p'><b><p:c/></b></a>`,
      `element <a xmlns:q='urn:q' q:x='1'/>`,
      `element <a xmlns='urn:p' xmlns:p='urn:p'/>`,
      `element <a><p:b xmlns:p='urn:own'/></a>`,
      `element <a/>`,
    ]);
  });

  test('after an error the parser is dead', () => {
    const parser = new StreamParser(NO_LIMITS);
    parser.write(encode(`${OPEN}<a></b><c/>`));
    parser.next();
    expect(() => parser.next()).toThrow(XmlError);
    parser.write(encode('<d/>'));
    expect(() => parser.next()).toThrow(XmlError);
  });

  test('rest() has what follows the last event', () => {
    const parser = new StreamParser(NO_LIMITS);
    parser.write(encode(`${OPEN}<a/><b/`));
    parser.next();
    parser.next();
    expect(new TextDecoder().decode(parser.rest())).toBe('<b/');
    parser.write(encode('>'));
    expect(new TextDecoder().decode(parser.rest())).toBe('<b/>');
  });

  test('several chunks may be written before the first is read', () => {
    const parser = new StreamParser(NO_LIMITS);
    for (const piece of [OPEN, '<a', '/><b', '/>', CLOSE]) parser.write(encode(piece));
    const kinds = Array.from({ length: 5 }, () => parser.next()?.kind);
    expect(kinds).toEqual(['open', 'element', 'element', 'close', undefined]);
  });

  test('a chunk may be overwritten once next() has given undefined', () => {
    const parser = new StreamParser(NO_LIMITS);
    const chunk = encode(`${OPEN}<a b='c'>text</a><d e='f'>mo`);
    parser.write(chunk);
    const events = [parser.next(), parser.next(), parser.next()];
    chunk.fill(0x20);
    parser.write(encode('re</d>'));
    expect(describeEvent(events[1]!)).toBe(`element <a b='c'>text</a>`);
    expect(describeEvent(parser.next()!)).toBe(`element <d e='f'>more</d>`);
  });
});

describe('bytes in any pieces', () => {
  const text =
    `\uFEFF<?xml version='1.0' encoding="UTF-8"?>\n${OPEN} <message to='a&amp;b' xml:lang="de" id='\t'>` +
    `<body>h&#x41;llo <![CDATA[<x>]]> ü€😀</body><stream:a/><p:é xmlns:p='urn:p' p:b = 'c'><p:d/></p:é ></message>` +
    `\r\n<presence/><iq type='get' id="1"><query xmlns='urn:q' a='1' b='2' c='3' d='4' e='5' f='6' g='7' h='8' i='9'/></iq> ${CLOSE} `;
  const bytes = encode(text);
  const whole = transcribe([bytes]);

  test('every single byte alone', () => {
    expect(whole).toHaveLength(5);
    expect(transcribe(cut(bytes, [1]))).toEqual(whole);
  });

  test('every place for one cut', () => {
    for (let at = 1; at < bytes.length; at += 1) {
      expect(transcribe([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    }
  });

  test('pieces of any sizes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 20 }), (sizes) => {
        expect(transcribe(cut(bytes, sizes))).toEqual(whole);
      }),
      { numRuns: 300, seed: 409 },
    );
  });

  test('broken bytes give the same events and the same error however they are cut, also near the limits', () => {
    const change = fc.record({
      at: fc.nat({ max: bytes.length - 1 }),
      byte: fc.oneof(fc.constantFrom(...encode(`<>&;'"=/!?[]: \0ax`)), fc.integer({ min: 0, max: 255 })),
    });
    const limits = fc.record({
      stanzaBytes: fc.constantFrom(0, 20, 60, 110, 120, 200),
      depth: fc.constantFrom(0, 1, 2, 3),
      attributes: fc.constantFrom(0, 1, 3, 8),
      nameBytes: fc.constantFrom(0, 1, 4, 7, 13),
    });
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), limits, sizes, (changes, bounds, pieces) => {
        const broken = bytes.slice();
        for (const { at, byte } of changes) broken[at] = byte;
        const expected = transcribe([broken], bounds);
        expect(transcribe(cut(broken, pieces), bounds)).toEqual(expected);
        expect(transcribe(cut(broken, [1]), bounds)).toEqual(expected);
      }),
      { numRuns: 1500, seed: 6120 },
    );
  });
});

describe('limits, each at its edge; 0 is none', () => {
  function judge(stanza: string, limits: Partial<ParserLimits>): string {
    const bytes = encode(stanza);
    const results = [[bytes.length], [1], [7]].map((sizes) => {
      const chunks = [encode('<s>'), ...cut(bytes, sizes)];
      return transcribe(chunks, { ...NO_LIMITS, ...limits })
        .at(-1)!
        .split(' ')[0]!;
    });
    expect(new Set(results).size).toBe(1);
    return results[0]!;
  }

  test('bytes of a stanza', () => {
    const stanza = `<a>${'x'.repeat(93)}</a>`;
    expect(judge(stanza, { stanzaBytes: 100 })).toBe('element');
    expect(judge(stanza, { stanzaBytes: 99 })).toBe('policy-violation');
    expect(judge(`  ${stanza}  ${stanza} `, { stanzaBytes: 100 })).toBe('element');
    expect(judge(stanza, { stanzaBytes: 0 })).toBe('element');
  });

  test('bytes of a stanza that never ends: refused as soon as the limit is reached', () => {
    expect(judge('<a>'.padEnd(99, 'x'), { stanzaBytes: 100 })).toBe('open');
    expect(judge('<a>'.padEnd(100, 'x'), { stanzaBytes: 100 })).toBe('policy-violation');
    expect(judge('<a b="'.padEnd(100, 'x'), { stanzaBytes: 100 })).toBe('policy-violation');
    expect(judge('<'.padEnd(100, 'x'), { stanzaBytes: 100 })).toBe('policy-violation');
  });

  test("bytes of the stream's open tag", () => {
    const limit = (stanzaBytes: number): string[] => transcribe([encode(OPEN)], { ...NO_LIMITS, stanzaBytes });
    expect(limit(OPEN.length)[0]).toMatch(/^open/);
    expect(limit(OPEN.length - 1)).toEqual(['policy-violation']);
  });

  test('levels', () => {
    expect(judge('<a><b><c/></b></a>', { depth: 3 })).toBe('element');
    expect(judge('<a><b><c><d/></c></b></a>', { depth: 3 })).toBe('policy-violation');
    expect(judge(`${'<a>'.repeat(5000)}${'</a>'.repeat(5000)}`, { depth: 0 })).toBe('element');
  });

  test('attributes, declarations counted', () => {
    expect(judge(`<a xmlns='u' b='' c=''/>`, { attributes: 3 })).toBe('element');
    expect(judge(`<a xmlns='u' b='' c='' d=''/>`, { attributes: 3 })).toBe('policy-violation');
    const many = Array.from({ length: 500 }, (_, i) => ` a${i}=''`).join('');
    expect(judge(`<a${many}/>`, { attributes: 0 })).toBe('element');
  });

  test('bytes of a name, of elements and of attributes', () => {
    expect(judge(`<p:abcde xmlns:p='u'/>`, { nameBytes: 7 })).toBe('element');
    expect(judge('<abcd/>', { nameBytes: 4 })).toBe('element');
    expect(judge('<abcde/>', { nameBytes: 4 })).toBe('policy-violation');
    expect(judge('<abé/>', { nameBytes: 4 })).toBe('element');
    expect(judge('<abcé/>', { nameBytes: 4 })).toBe('policy-violation');
    expect(judge(`<a abcd=''/>`, { nameBytes: 4 })).toBe('element');
    expect(judge(`<a abcde=''/>`, { nameBytes: 4 })).toBe('policy-violation');
    expect(judge(`<${'a'.repeat(5000)}/>`, { nameBytes: 0 })).toBe('element');
  });
});

/** Milliseconds of processor time since `start`: what other processes do does not count. */
function measureCpu(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

describe('cost', () => {
  test('a big stanza byte by byte takes time in proportion to its size', () => {
    const sizes = [50_000, 400_000];
    const [small, big] = sizes.map((size) => {
      const parser = new StreamParser(NO_LIMITS);
      const stanza = encode(
        `<a b='${'é'.repeat(size / 8)}'>${'x&amp;<b/>'.repeat(size / 20)}<c>${'y'.repeat(size / 4)}</c></a>`,
      );
      parser.write(encode(OPEN));
      parser.next();
      const start = process.cpuUsage();
      let found = 0;
      for (let at = 0; at < stanza.length; at += 1) {
        parser.write(stanza.subarray(at, at + 1));
        if (parser.next() !== undefined) found += 1;
      }
      expect(found).toBe(1);
      return measureCpu(start);
    });
    expect(big! / small!).toBeLessThan(8 * 4); // eight times the bytes; squared it would be 64
  });

  test('many declarations in nested elements do not make every prefix slower', () => {
    const nested = Array.from({ length: 4000 }, (_, i) => `<a xmlns:p${i}='urn:${i}'>`).join('');
    const stanza = `${nested}${`<p0:b p1:c=''/>`.repeat(20_000)}${'</a>'.repeat(4000)}`;
    const start = process.cpuUsage();
    expect(transcribe([encode(OPEN), encode(stanza)])).toHaveLength(2);
    expect(measureCpu(start)).toBeLessThan(2000); // a walk through the declarations would take minutes
  });
});

describe('document framing (RFC 7395 §3.3)', () => {
  const OPEN_FRAME = `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example' version='1.0'/>`;

  function frames(...texts: string[]): string[] {
    return transcribe(texts.map(encode), NO_LIMITS, 'document');
  }

  test('every message is one element with its own namespaces', () => {
    expect(frames(OPEN_FRAME, `<message xmlns='jabber:client'><body>a</body></message>`, `<a/>`, `<b/>\n`)).toEqual([
      `element ${OPEN_FRAME}`,
      `element <message><body>a</body></message>`,
      `element <a xmlns=''/>`,
      `element <b xmlns=''/>`,
    ]);
  });

  test('prefixes do not live on in the next message', () => {
    expect(frames(`<p:a xmlns:p='urn:p'/>`, '<p:a/>')).toEqual([
      `element <a xmlns='urn:p' xmlns:p='urn:p'/>`,
      'bad-namespace-prefix',
    ]);
  });

  test('several messages may wait', () => {
    const parser = new StreamParser(NO_LIMITS, 'document');
    for (const text of ['<a/>', '<b/>']) parser.write(encode(text));
    expect([parser.next(), parser.next(), parser.next()].map((event) => event?.kind)).toEqual([
      'element',
      'element',
      undefined,
    ]);
  });

  test.each([
    ['half an element', '<a>', 'not-well-formed'],
    ['half a tag', '<a', 'not-well-formed'],
    ['half a character', '<a>\u00e9'.slice(0, 4), 'not-well-formed'],
    ['two elements', '<a/><b/>', 'not-well-formed'],
    ['text behind it', '<a/>b', 'not-well-formed'],
    ['white space before it', ' <a/>', 'not-well-formed'],
    ['white space alone', ' ', 'not-well-formed'],
    ['nothing', '', 'not-well-formed'],
    ['a byte order mark', '\uFEFF<a/>', 'not-well-formed'],
    ['an XML declaration', `<?xml version='1.0'?><a/>`, 'restricted-xml'],
    ['a stream of RFC 6120', OPEN, 'not-well-formed'],
    ['an end tag', '</a>', 'not-well-formed'],
  ])('%s is refused', (_, text, condition) => {
    expect(frames(text)).toEqual([condition]);
  });

  test('bytes of a message, at the edge', () => {
    const limit = (stanzaBytes: number): string[] =>
      transcribe([encode('<abc>d</abc>')], { ...NO_LIMITS, stanzaBytes }, 'document');
    expect(limit(12)).toHaveLength(1);
    expect(limit(12)[0]).toMatch(/^element/);
    expect(limit(11)).toEqual(['policy-violation']);
  });
});
