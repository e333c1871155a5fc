import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as xmpp from '@tutti/xmpp';
import * as routing from './index.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);

/** Turns `expression; // => value` into a check, and the imports into the packages' exports. */
function makeRunnable(code: string): string {
  return code
    .replace(/^import (\{.*\}) from '@tutti\/(\w+)';$/gm, 'const $1 = $2;')
    .replace(/^(.*); \/\/ => (.*)$/gm, 'expect($1).toEqual($2);');
}

describe('README', () => {
  it('has examples', () => {
    expect(examples.length).toBeGreaterThanOrEqual(4);
  });

  it.each(examples)('example %# does what it says', (code) => {
    const checks = makeRunnable(code);
    expect(checks).toContain('expect(');
    // oxlint-disable-next-line typescript/no-implied-eval -- our own README
    const check = new Function('routing', 'xmpp', 'expect', checks) as (...given: unknown[]) => void;
    check(routing, xmpp, expect);
  });
});
