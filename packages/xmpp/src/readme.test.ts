import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as xmpp from './index.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);

/** Turns `expression; // => value` into a check, and the import into the package's exports. */
function makeRunnable(code: string): string {
  return code
    .replace(/^import (\{.*\}) from '@tutti\/xmpp';$/m, 'const $1 = xmpp;')
    .replace(/^(.*); \/\/ => (.*)$/gm, 'expect($1).toEqual($2);');
}

describe('README', () => {
  it('has examples', () => {
    expect(examples.length).toBeGreaterThanOrEqual(5);
  });

  it.each(examples)('example %# does what it says', (code) => {
    const checks = makeRunnable(code);
    expect(checks).toContain('expect(');
    // oxlint-disable-next-line typescript/no-implied-eval -- our own README
    const run = new Function('xmpp', 'expect', checks) as (exports: typeof xmpp, check: typeof expect) => void;
    run(xmpp, expect);
  });
});
