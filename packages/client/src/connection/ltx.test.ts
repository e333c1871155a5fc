import { type Element, xml } from '@tutti/xmpp';
import { xml as ltx } from '@xmpp/client';
import { expect, it } from 'vitest';
import { fromLtx, toLtx } from './ltx.ts';

/** What an element says, however it is written. */
function tell(element: Element): unknown {
  const children = element.children.map((child) => (typeof child === 'string' ? child : tell(child)));
  return [element.name, element.ns, { ...element.attrs }, children];
}

it('an element is the same there and back', () => {
  const message = xml(
    'message',
    { xmlns: 'jabber:client', to: 'bob@example.org', 'xml:lang': 'en' },
    xml('body', null, `<&>'" é 😀`),
    xml(
      'x',
      { xmlns: 'urn:example:x', a: `<&>'"` },
      xml('y'),
      xml('z', { xmlns: '' }),
      'text',
      xml('w', { xmlns: 'jabber:client' }),
    ),
  );
  expect(tell(fromLtx(toLtx(message)))).toEqual(tell(message));
});

it('what inherits a namespace there has it here', () => {
  const read = fromLtx(ltx('message', {}, ltx('body', {}, 'a & b'), ltx('x', 'urn:example:x', ltx('y'))));
  expect(tell(read)).toEqual([
    'message',
    'jabber:client',
    {},
    [
      ['body', 'jabber:client', {}, ['a & b']],
      ['x', 'urn:example:x', {}, [['y', 'urn:example:x', {}, []]]],
    ],
  ]);
});
