import { Stage } from './stage.ts';
import type { Need, Section, Stand, Test } from './suite.ts';
import type { Target } from './target.ts';

/** How one test went at one stand. */
export interface Result {
  readonly section: Section;
  readonly test: Test;
  readonly stand: Stand;
  readonly outcome: 'passed' | 'failed' | 'not offered';
  /** Why it failed, or what the server does not offer. */
  readonly reason?: string;
}

/** Runs tests at one stand of one target. Tests of one scene share a stage and queue up; others have a stage of their own. */
export class Runner {
  readonly #target: Target;
  readonly #stand: Stand;
  readonly #scenes = new Map<object, { readonly stage: Stage; queue: Promise<unknown> }>();

  constructor(target: Target, stand: Stand) {
    this.#target = target;
    this.#stand = stand;
  }

  /** What the test needs and the target does not offer. */
  missing(test: Test): Need | undefined {
    const { offers } = this.#target;
    return offers === undefined || this.#stand === 'plan' ? undefined : test.needs.find((need) => !offers.has(need));
  }

  /** Rejects when the test fails; the message ends with what its devices received last. */
  async run(test: Test): Promise<void> {
    if (this.#stand === 'plan') return test.plan?.();
    const { run, scene } = test;
    if (run === undefined) return;
    if (scene === undefined) {
      const stage = new Stage(this.#target, this.#stand);
      try {
        await explained(stage, run);
      } finally {
        await stage.close();
      }
      return;
    }
    let shared = this.#scenes.get(scene);
    if (shared === undefined) {
      shared = { stage: new Stage(this.#target, this.#stand), queue: Promise.resolve() };
      this.#scenes.set(scene, shared);
    }
    const { stage } = shared;
    const turn = shared.queue.then(() => run(stage));
    shared.queue = turn.catch(() => {});
    await turn;
  }

  /** Ends the stages of the scenes. */
  async close(): Promise<void> {
    await Promise.all([...this.#scenes.values()].map(({ stage }) => stage.close()));
    this.#scenes.clear();
  }
}

async function explained(stage: Stage, run: (stage: Stage) => Promise<void>): Promise<void> {
  try {
    await run(stage);
  } catch (error) {
    if (error instanceof Error) error.message += `\n${stage.describe()}`;
    throw error;
  }
}

/** True for tests that can run at a stand. */
export function runsAt(test: Test, stand: Stand): boolean {
  return stand === 'plan' ? test.plan !== undefined : test.run !== undefined;
}

export interface RunOptions {
  /** How many tests run at once: 1 where accounts are few. */
  readonly parallel: number;
  readonly onResult?: (result: Result) => void;
}

/** Runs sections against a target, without any test framework. */
export async function runSections(
  target: Target,
  sections: readonly Section[],
  options: RunOptions,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const section of sections) {
    for (const stand of section.stands) {
      // What our own planner decides says nothing about somebody else's server.
      if (stand === 'plan' ? target.offers !== undefined : !target.transports.includes(stand)) continue;
      const runner = new Runner(target, stand);
      const waiting = section.tests.filter((test) => runsAt(test, stand));
      const work = async () => {
        for (let test = waiting.shift(); test !== undefined; test = waiting.shift()) {
          const result = await runOne(runner, { section, test, stand });
          results.push(result);
          options.onResult?.(result);
        }
      };
      await Promise.all(Array.from({ length: options.parallel }, work));
      await runner.close();
    }
  }
  return results;
}

async function runOne(runner: Runner, what: Pick<Result, 'section' | 'test' | 'stand'>): Promise<Result> {
  const missing = runner.missing(what.test);
  if (missing !== undefined) return { ...what, outcome: 'not offered', reason: missing };
  try {
    await runner.run(what.test);
    return { ...what, outcome: 'passed' };
  } catch (error) {
    return { ...what, outcome: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}
