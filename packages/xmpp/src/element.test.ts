import { describe, expect, test } from 'vitest';
import { parseXml } from './index.ts';

const MESSAGE =
  `<message xmlns='jabber:client' to='a&amp;b' xml:lang="de"><body>h&#x41;llo <![CDATA[<x>]]> ü</body>` +
  `<p:x xmlns:p='urn:p' p:y='1'><p:z/></p:x><a xmlns='urn:a'/></message>`;

describe('an element that was parsed', () => {
  const message = parseXml(MESSAGE);

  test('has its name, its namespace and its attributes without declarations', () => {
    expect([message.name, message.ns]).toEqual(['message', 'jabber:client']);
    expect({ ...message.attrs }).toEqual({ to: 'a&b', 'xml:lang': 'de' });
    expect(Object.getPrototypeOf(message.attrs)).toBeNull();
  });

  test('finds children by name and namespace; the namespace is its own by default', () => {
    expect(message.child('body')?.text()).toBe('hAllo <x> ü');
    expect(message.child('a')).toBeUndefined();
    expect(message.child('a', 'urn:a')?.children).toEqual([]);
    expect(message.childrenNamed('body')).toHaveLength(1);
    expect(message.elements.map((child) => child.ns)).toEqual(['jabber:client', 'urn:p', 'urn:a']);
    expect(message.is('message')).toBe(true);
    expect(message.is('message', 'jabber:server')).toBe(false);
  });

  test('is written with its content as it came', () => {
    const inner = MESSAGE.slice(MESSAGE.indexOf('<body>'));
    expect(message.toString()).toBe(`<message xmlns='jabber:client' to='a&amp;b' xml:lang='de'>${inner}`);
    expect(message.toString('jabber:client')).toBe(`<message to='a&amp;b' xml:lang='de'>${inner}`);
    expect(new TextDecoder().decode(message.toBytes('jabber:client'))).toBe(message.toString('jabber:client'));
  });
});
