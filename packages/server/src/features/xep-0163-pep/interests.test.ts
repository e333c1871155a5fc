import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { readCaps } from './interests.ts';

const presence = (c: Record<string, string>, ...more: Element[]): Element =>
  xml('presence', { from: 'mallory@elsewhere.example/x' }, ...more, xml('c', { xmlns: NS.caps, ...c }));
const CAPS = { hash: 'sha-1', node: 'https://client.example', ver: 'q07IKJEyjvHSyhy//CH0CxmKi8w=' };

describe('what is kept of the presence of strangers', () => {
  it('the caps, however much else it says', () => {
    const kept = readCaps(presence(CAPS, xml('status', null, 'x'.repeat(400_000))));
    expect(kept?.child('c', NS.caps)?.attrs).toMatchObject(CAPS);
    expect(kept?.toBytes().length).toBeLessThan(200);
  });

  it.each([
    ['no caps', xml('presence')],
    ['caps of the old form', presence({ node: CAPS.node, ver: '1.0' })],
    ['caps without a version', presence({ hash: 'sha-1', node: CAPS.node })],
    ['a version that is no hash', presence({ ...CAPS, ver: 'x'.repeat(101) })],
    ['a node that is no address', presence({ ...CAPS, node: 'x'.repeat(1001) })],
  ])('%s: nothing', (_, said) => {
    expect(readCaps(said)).toBeUndefined();
  });

  it('a version and a node of the greatest length', () => {
    expect(readCaps(presence({ ...CAPS, ver: 'x'.repeat(100), node: 'x'.repeat(1000) }))).toBeDefined();
  });
});
