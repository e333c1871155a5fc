import { describe, expect, test } from 'vitest';
import { Element, parseXml, xml } from './index.ts';

const INNER = `<body>h&#x41;llo <![CDATA[<x>]]> ü</body><p:x xmlns:p='urn:p' p:y = "1"><p:z/></p:x><a xmlns='urn:a'/>text<body/>`;
const MESSAGE = `<message xmlns='jabber:client' to='a&amp;b' xml:lang="de">${INNER}</message>`;

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

describe('an element that was parsed', () => {
  const message = parseXml(MESSAGE);

  test('has its name, its namespace and its attributes without declarations', () => {
    expect([message.name, message.ns]).toEqual(['message', 'jabber:client']);
    expect({ ...message.attrs }).toEqual({ to: 'a&b', 'xml:lang': 'de' });
    expect(Object.getPrototypeOf(message.attrs)).toBeNull();
    expect(message.attrs['toString']).toBeUndefined();
  });

  test('finds children by name and namespace; the namespace is its own by default', () => {
    expect(message.child('body')?.text()).toBe('hAllo <x> ü');
    expect(message.child('a')).toBeUndefined();
    expect(message.child('a', 'urn:a')?.children).toEqual([]);
    expect(message.childrenNamed('body')).toHaveLength(2);
    expect(message.childrenNamed('body', 'urn:a')).toHaveLength(0);
    expect(message.elements.map((child) => child.ns)).toEqual(['jabber:client', 'urn:p', 'urn:a', 'jabber:client']);
    expect(message.text()).toBe('text');
    expect(message.children[3]).toBe('text');
  });

  test('is() asks for the name, and for the namespace where one is given', () => {
    expect([message.is('message'), message.is('iq')]).toEqual([true, false]);
    expect([message.is('message', 'jabber:client'), message.is('message', 'jabber:server')]).toEqual([true, false]);
  });

  test('is written with its content as it came', () => {
    expect(message.toString()).toBe(`<message xmlns='jabber:client' to='a&amp;b' xml:lang='de'>${INNER}</message>`);
    expect(message.toString('jabber:client')).toBe(`<message to='a&amp;b' xml:lang='de'>${INNER}</message>`);
    expect(decode(message.toBytes('jabber:client'))).toBe(message.toString('jabber:client'));
  });

  test('children stand alone, prefixed where their content needs it, and are the same objects every time', () => {
    const child = message.child('x', 'urn:p');
    expect(child?.toString('jabber:client')).toBe(`<p:x xmlns:p='urn:p' p:y='1'><p:z/></p:x>`);
    expect(message.child('x', 'urn:p')).toBe(child);
    expect(child?.child('z')?.toString()).toBe(`<z xmlns='urn:p' xmlns:p='urn:p'/>`);
  });

  test('normalizes line ends and attribute values as XML 1.0 §2.11 and §3.3.3 say', () => {
    const element = parseXml(`<a b='1\t2\n3\r\n4\r5&#9;6&#xD;7'>1\r\n2\r3\n4&#13;5<![CDATA[\r\n&#13;]]></a>`);
    expect(element.attrs['b']).toBe('1 2 3 4 5\t6\r7');
    expect(element.text()).toBe('1\n2\n3\n4\r5\n&#13;');
  });

  test('does not mind names that objects have', () => {
    const element = parseXml(`<a __proto__='1' constructor='2' toString='3'/>`);
    expect(Object.keys(element.attrs)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(element.with({ b: '4' }).toString()).toBe(`<a __proto__='1' constructor='2' toString='3' b='4'/>`);
  });
});

describe('with()', () => {
  const message = parseXml(MESSAGE);

  test('sets and removes attributes and leaves the content and the original alone', () => {
    const changed = message.with({ to: undefined, id: `'<&">'`, 'xml:lang': 'en' });
    const attributes = ` xml:lang='en' id='&apos;&lt;&amp;&quot;&gt;&apos;'`;
    expect(changed.toString('jabber:client')).toBe(`<message${attributes}>${INNER}</message>`);
    expect({ ...message.attrs }).toEqual({ to: 'a&b', 'xml:lang': 'de' });
  });

  test('shares children that were read before', () => {
    const body = message.child('body');
    expect(message.with({ id: '1' }).child('body')).toBe(body);
  });

  test('xmlns moves the element and what has no namespace of its own', () => {
    const moved = message.with({ xmlns: 'jabber:server', id: '1' });
    expect(moved.toString()).toBe(
      `<message xmlns='jabber:server' to='a&amp;b' xml:lang='de' id='1'>${INNER}</message>`,
    );
    expect(moved.elements.map((child) => child.ns)).toEqual(['jabber:server', 'urn:p', 'urn:a', 'jabber:server']);
    const built = xml('a', { xmlns: 'urn:x' }, xml('b'), xml('c', { xmlns: 'urn:y' })).with({ xmlns: 'urn:z' });
    expect(built.toString()).toBe(`<a xmlns='urn:z'><b/><c xmlns='urn:y'/></a>`);
  });

  test('xmlns moves prefixed content too', () => {
    const element = parseXml(`<c:a xmlns:c='jabber:server'><c:b>1</c:b><d/><e xmlns='jabber:server'/></c:a>`);
    const moved = parseXml(element.with({ xmlns: 'jabber:client' }).toString());
    expect([moved.ns, ...moved.elements.map((child) => child.ns)]).toEqual([
      'jabber:client',
      'jabber:client',
      '',
      'jabber:client',
    ]);
    expect(moved.child('b')?.text()).toBe('1');
  });

  test('refuses names that are none', () => {
    for (const name of ['', 'a b', '1', 'a:b:c', 'q:a', 'a=', `a'`, 'é×', ':a', 'xmlns:', 'xmlns:xml', 'xmlns:p:q']) {
      expect(() => message.with({ [name]: 'x' })).toThrow(TypeError);
    }
    expect(message.with({ é: 'x', 'xmlns:n': 'urn:n', 'n:a': 'y' }).toString('jabber:client')).toMatch(
      /^<message xmlns:n='urn:n' to='a&amp;b' xml:lang='de' é='x' n:a='y'>/,
    );
  });

  test('refuses to declare a prefix as two namespaces', () => {
    const element = parseXml(`<p:a xmlns:p='urn:p' p:b=''/>`);
    expect(element.with({ 'xmlns:p': 'urn:p' }).attrs['p:b']).toBe('');
    expect(() => element.with({ 'xmlns:p': 'urn:q' })).toThrow(TypeError);
  });
});

describe('append() and without()', () => {
  const message = parseXml(MESSAGE);

  test('append splices new children behind the bytes that are there', () => {
    const added = message.append(
      xml('stanza-id', { xmlns: 'urn:xmpp:sid:0', id: 'x' }),
      'a<b',
      xml('thread', null, 't'),
    );
    expect(added.toString('jabber:client')).toBe(
      `<message to='a&amp;b' xml:lang='de'>${INNER}<stanza-id xmlns='urn:xmpp:sid:0' id='x'/>a&lt;b<thread>t</thread></message>`,
    );
    expect(added.child('thread')?.text()).toBe('t');
    expect(message.toString()).not.toContain('stanza-id');
  });

  test('without splices children out', () => {
    expect(message.without((child) => child.name === 'body').toString('jabber:client')).toBe(
      `<message to='a&amp;b' xml:lang='de'><p:x xmlns:p='urn:p' p:y = "1"><p:z/></p:x><a xmlns='urn:a'/>text</message>`,
    );
    const first = message.child('body');
    expect(message.without((child) => child === first).childrenNamed('body')).toHaveLength(1);
  });

  test('without gives the same element when nothing matches', () => {
    expect(message.without(() => false)).toBe(message);
    const empty = parseXml('<a/>');
    expect(empty.without(() => true)).toBe(empty);
  });

  test('without all children, an element is empty', () => {
    expect(
      parseXml('<a><b/><c>d</c></a>')
        .without(() => true)
        .toString(),
    ).toBe('<a/>');
    expect(
      xml('a', { xmlns: '' }, xml('b'), xml('c'))
        .without(() => true)
        .toString(),
    ).toBe('<a/>');
  });

  test('text on both sides of what is removed becomes one', () => {
    for (const element of [parseXml(`<a>1<b/>2</a>`), xml('a', { xmlns: '' }, '1', xml('b'), '2')]) {
      expect(element.without(() => true).children).toEqual(['12']);
    }
  });

  test('append and without on an element that has no content', () => {
    expect(parseXml('<a/>').append(xml('b'), '', 'c').toString()).toBe('<a><b/>c</a>');
    expect(parseXml(`<p:a xmlns:p='urn:p'/>`).append(xml('b')).toString()).toBe(
      `<a xmlns='urn:p' xmlns:p='urn:p'><b/></a>`,
    );
  });

  test('children appended to prefixed content keep their namespaces', () => {
    const element = parseXml(`<p:a xmlns:p='urn:p' xmlns='urn:d'><b/></p:a>`);
    const added = element.append(xml('c', { xmlns: 'urn:d' }), xml('d', { xmlns: 'urn:p' }), xml('e'));
    const again = parseXml(added.toString());
    expect(again.elements.map((child) => [child.name, child.ns])).toEqual([
      ['b', 'urn:d'],
      ['c', 'urn:d'],
      ['d', 'urn:p'],
      ['e', 'urn:p'],
    ]);
  });
});

describe('xml()', () => {
  test('a child takes its parent’s namespace, a root jabber:client', () => {
    const iq = xml('iq', { type: 'get' }, xml('query', { xmlns: 'urn:q' }, xml('item', null, xml('x'))), xml('y'));
    expect(iq.toString()).toBe(
      `<iq xmlns='jabber:client' type='get'><query xmlns='urn:q'><item><x/></item></query><y/></iq>`,
    );
    expect(
      xml('z', { xmlns: 'urn:z' }, xml('a', null, xml('b')))
        .child('a')
        ?.child('b')?.ns,
    ).toBe('urn:z');
  });

  test('what was put into a namespace stays in it', () => {
    const [item] = xml('query', { xmlns: 'urn:q' }, xml('item')).elements;
    expect(xml('other', { xmlns: 'urn:o' }, item).elements[0]?.ns).toBe('urn:q');
    const [parsed] = parseXml(`<a xmlns='urn:a'><b/></a>`).elements;
    expect(xml('other', { xmlns: 'urn:o' }, parsed).toString()).toBe(`<other xmlns='urn:o'><b xmlns='urn:a'/></other>`);
  });

  test('with({ xmlns }) puts it, and what is in it, into a namespace for good', () => {
    for (const xmlns of ['jabber:client', 'urn:x']) {
      const element = xml('a', null, xml('b', null, xml('c'))).with({ xmlns });
      const [found] = xml('other', { xmlns: 'urn:o' }, element).elements;
      expect([found?.ns, found?.child('b')?.ns, found?.child('b')?.child('c')?.ns]).toEqual([xmlns, xmlns, xmlns]);
      expect(xml('other', { xmlns: 'urn:o' }, ...element.elements).elements[0]?.ns).toBe(xmlns);
    }
  });

  test('leaves out what is undefined, null, false or empty, and joins text', () => {
    const element = xml('a', { b: undefined, c: 0, d: '' }, undefined, null, false, '', '1', '2', xml('e'), '', '3');
    expect(element.children.map((node) => (node instanceof Element ? node.name : node))).toEqual(['12', 'e', '3']);
    expect({ ...element.attrs }).toEqual({ c: '0', d: '' });
  });

  test('escapes', () => {
    expect(xml('a', { b: `<'">&\n\t` }, ']]>&\r').toString('jabber:client')).toBe(
      `<a b='&lt;&apos;&quot;&gt;&amp;&#10;&#9;'>]]&gt;&amp;&#13;</a>`,
    );
  });

  test('refuses names that are none', () => {
    for (const name of ['', 'a b', '1a', 'a:b', 'a>', '<', 'é×', '-a']) expect(() => xml(name)).toThrow(TypeError);
    expect(() => xml('a', { xmlns: 'http://www.w3.org/2000/xmlns/' })).toThrow(TypeError);
    expect(xml('é-1._', { xmlns: '' }).toString()).toBe('<é-1._/>');
  });

  test('writes elements in no namespace and in that of xml', () => {
    expect(xml('a', null, xml('b', { xmlns: '' })).toString('jabber:client')).toBe(`<a><b xmlns=''/></a>`);
    const odd = xml('a', { xmlns: 'http://www.w3.org/XML/1998/namespace' }, xml('b', { xmlns: 'urn:b' }));
    expect(parseXml(odd.toString()).child('b', 'urn:b')).toBeDefined();
    expect(parseXml(odd.toString()).ns).toBe(odd.ns);
  });

  test('writes parsed elements inside built ones, declaring prefixes where they are needed only', () => {
    const parsed = parseXml(`<p:a xmlns:p='urn:p' p:b='1'><p:c/></p:a>`);
    const wrapped = xml('w', { xmlns: 'urn:w', 'xmlns:p': 'urn:p', 'p:x': '1' }, parsed);
    expect(wrapped.toString()).toBe(`<w xmlns='urn:w' xmlns:p='urn:p' p:x='1'><p:a xmlns='' p:b='1'><p:c/></p:a></w>`);
    expect(decode(wrapped.toBytes())).toBe(wrapped.toString());
  });
});

describe('parseXml()', () => {
  test('takes text or bytes, with what may stand around an element in a document', () => {
    const text = `\uFEFF<?xml version='1.0' encoding='UTF-8'?>\r\n <a/> \n`;
    expect(parseXml(text).name).toBe('a');
    expect(parseXml(new TextEncoder().encode(text)).name).toBe('a');
  });

  test('keeps no hold on the bytes', () => {
    const bytes = new TextEncoder().encode('<a><b/></a>');
    const element = parseXml(bytes);
    bytes.fill(0);
    expect(element.toString()).toBe('<a><b/></a>');
  });

  test.each([
    ['', 'not-well-formed'],
    [' ', 'not-well-formed'],
    ['a', 'not-well-formed'],
    ['<a>', 'not-well-formed'],
    ['<a', 'not-well-formed'],
    ['<?xml version="1.0"', 'not-well-formed'],
    ['<a/><b/>', 'not-well-formed'],
    ['<a/>b', 'not-well-formed'],
    ['<a>\uD800</a>', 'unsupported-encoding'],
    ['<?xml version="1.0" encoding="latin1"?><a/>', 'unsupported-encoding'],
    ['<!DOCTYPE a><a/>', 'restricted-xml'],
    ['<a/><!-- b -->', 'not-well-formed'],
  ])('refuses %j', (text, condition) => {
    expect(() => parseXml(text)).toThrow(expect.objectContaining({ name: 'XmlError', condition }));
  });
});
