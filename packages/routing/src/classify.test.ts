import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JID } from '@tutti/xmpp';
import { classify } from './classify.ts';
import { messageType } from './message-type.ts';

const addresses = {
  absent: undefined,
  bare: JID.parse('bob@example.org'),
  full: JID.parse('bob@example.org/phone'),
  domain: JID.parse('example.org'),
  'full domain': JID.parse('example.org/admin'),
};
const types = ['normal', 'chat', 'groupchat', 'headline', 'error'] as const;

/** Every address × type × marker of §1, once. */
const TABLE = [
  ...(['absent', 'bare', 'domain'] as const).flatMap((to) =>
    types.flatMap((type) =>
      [false, true].map((marked) => ({ to, type, marked, rule: type === 'error' ? 'C2' : 'C1' })),
    ),
  ),
  ...(['full', 'full domain'] as const).flatMap((to) => [
    ...types.map((type) => ({ to, type, marked: true, rule: 'C3' })),
    { to, type: 'error' as const, marked: false, rule: 'C4' },
    { to, type: 'normal' as const, marked: false, rule: 'C5' },
    { to, type: 'chat' as const, marked: false, rule: 'C5' },
    { to, type: 'groupchat' as const, marked: false, rule: 'C6' },
    { to, type: 'headline' as const, marked: false, rule: 'C6' },
  ]),
] as const;

const CLASS: Record<string, string> = {
  C1: 'everyone',
  C2: 'nobody',
  C3: 'one',
  C4: 'everyone',
  C5: 'everyone',
  C6: 'one',
};

describe('classification', () => {
  it('§1 the table has every combination once', () => {
    const keys = TABLE.map(({ to, type, marked }) => `${to} ${type} ${marked}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBe(Object.keys(addresses).length * types.length * 2);
  });

  it.each(TABLE)('$rule §1 $type to $to, marker $marked', ({ to, type, marked, rule }) => {
    expect(classify({ to: addresses[to], type, marked })).toEqual({ rule, class: CLASS[rule] });
  });

  it.each([
    [undefined, 'normal'],
    ['', 'normal'],
    ['CHAT', 'normal'],
    ['nonsense', 'normal'],
    ...types.map((type) => [type, type] as const),
  ] as const)('RFC 6121 §5.2.2 type %s is %s', (written, read) => {
    expect(messageType(written)).toBe(read);
  });

  it('§1 nothing of the address but its form counts', () => {
    const part = fc.stringMatching(/^[a-z]{1,8}$/);
    const given = { local: part, domain: part, resource: part, type: fc.constantFrom(...types), marked: fc.boolean() };
    fc.assert(
      fc.property(fc.record(given), ({ local, domain, resource, type, marked }) => {
        const full = JID.of(local, `${domain}.example`, resource);
        expect(classify({ to: full, type, marked })).toEqual(classify({ to: addresses.full, type, marked }));
        expect(classify({ to: full.bare, type, marked })).toEqual(classify({ to: addresses.bare, type, marked }));
      }),
    );
  });
});
