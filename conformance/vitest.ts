import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Runner, runsAt } from './run.ts';
import type { Section, Stand } from './suite.ts';
import type { Target } from './target.ts';
import { startTutti } from './targets/tutti.ts';

const STANDS: Readonly<Record<Stand, string>> = {
  plan: 'planMessage',
  tcp: 'TCP with STARTTLS',
  ws: 'WebSocket',
  bosh: 'BOSH',
};

/** How long one test may take, in milliseconds. */
const PATIENCE = 60_000;

/** Tests are data here: their titles are no literals. */
const define = it.concurrent;

/** Registers sections as tests, against a Tutti that runs as long as they do. */
export function describeSections(sections: readonly Section[]): void {
  let target: Target | undefined;
  const runners: Runner[] = [];
  beforeAll(async () => {
    target = await startTutti();
  }, PATIENCE);
  afterAll(async () => {
    await Promise.all(runners.map((runner) => runner.close()));
    await target?.stop();
  }, PATIENCE);
  for (const section of sections) {
    for (const stand of section.stands) {
      const tests = section.tests.filter((test) => runsAt(test, stand));
      describe(`${section.spec} §${section.section} ${section.title} (${STANDS[stand]})`, () => {
        let runner: Runner | undefined;
        beforeAll(() => {
          if (target === undefined) throw new Error('the server did not start');
          runner = new Runner(target, stand);
          runners.push(runner);
        });
        for (const test of tests) {
          define(test.title, async () => expect(runner?.run(test)).resolves.toBeUndefined(), PATIENCE);
        }
      });
    }
  }
}
