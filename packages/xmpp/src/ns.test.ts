import { expect, it } from 'vitest';
import { NS } from './ns.ts';

it('names every namespace once; XEP-0441 uses the namespace of XEP-0313', () => {
  const seen = new Map<string, string>();
  const doubled: string[] = [];
  for (const [name, namespace] of Object.entries(NS)) {
    if (seen.has(namespace)) doubled.push(`${seen.get(namespace)} ${name}`);
    seen.set(namespace, name);
  }
  expect(doubled).toEqual(['mam mamPrefs']);
});

it('has short camelCase names', () => {
  for (const name of Object.keys(NS)) expect(name).toMatch(/^[a-z][a-zA-Z0-9]*$/);
});
