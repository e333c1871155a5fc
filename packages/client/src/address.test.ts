import { expect, it } from 'vitest';
import { bareOf, domainOf } from './address.ts';

it.each([
  ['bob@example.org', 'bob@example.org', 'example.org'],
  ['Bob@Example.ORG/Phone', 'bob@example.org', 'example.org'],
  ['bob@example.org/a@b/c', 'bob@example.org', 'example.org'],
  ['example.org', 'example.org', 'example.org'],
  ['example.org/x@y', 'example.org', 'example.org'],
  ['E\u0301mile@example.org', 'émile@example.org', 'example.org'],
])('RFC 7622: %s', (address, bare, domain) => {
  expect(bareOf(address)).toBe(bare);
  expect(domainOf(address)).toBe(domain);
});
