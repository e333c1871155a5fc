import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './run-step.ts';
import { steps } from './steps.ts';

const page = readFileSync(join(root, 'docs/guarantees.md'), 'utf8');
const proofs = [...page.matchAll(/^- `([^`]+)` — “([^”]+)”$/gm)].map(([, path = '', title = '']) => ({ path, title }));
/** Promises, each with what stands below it up to the next one. */
const promises = page.split(/^(?=\*\*)/m).slice(1);

/** Whether a source has a test, or a group of tests, of that title. */
function hasTest(source: string, title: string): boolean {
  const calls = [...source.matchAll(/\b(?:it|test|describe)(?:\.\w+(?:<[^>]*>)?\([^\n]*\))*\(\s*(['"`])(.*?)\1,/gs)];
  return calls.some(([, , text = '']) => text === title);
}

describe('docs/guarantees.md', () => {
  it('has a proof for every promise', () => {
    expect(promises.length).toBeGreaterThan(12);
    expect(promises.filter((promise) => !/^- `/m.test(promise))).toEqual([]);
  });

  it.each(proofs)('$path has “$title”', ({ path, title }) => {
    expect(existsSync(join(root, path))).toBe(true);
    expect(hasTest(readFileSync(join(root, path), 'utf8'), title)).toBe(true);
  });

  it('names nothing that a test does not have', () => {
    expect(hasTest("test('something else', () => {})", 'something else')).toBe(true);
    expect(hasTest("test('something else', () => {})", 'something')).toBe(false);
    expect(hasTest('// something else', 'something else')).toBe(false);
    expect(steps.filter(({ group }) => group === 'tests').map(({ name }) => name)).toContain('load');
  });
});
