import { check } from '../failure.ts';
import type { Need, Test } from '../suite.ts';
import { type Performance, playScene } from './play.ts';
import { playPlan } from './plan.ts';
import type { Stage } from '../stage.ts';
import { deriveExpectation } from './oracle.ts';
import type { Expectation, Fact, Row, Scene, Sending, World } from './row.ts';

/** Tests for the rows of a scene, and one for the scene as a whole. All of them look at one performance. Rows of one title are one test. */
export function sceneTests(title: string, scene: Scene, needs: readonly Need[] = []): Test[] {
  const performances = new WeakMap<Stage, Promise<Performance>>();
  const performanceOn = (stage: Stage): Promise<Performance> => {
    let performance = performances.get(stage);
    if (performance === undefined) {
      performance = playScene(stage, scene);
      performances.set(stage, performance);
    }
    return performance;
  };
  const tests: Test[] = [...Map.groupBy(scene.rows, (row) => row.title)].map(([name, rows]) => ({
    title: name,
    needs,
    scene,
    run: async (stage) => {
      const performance = await performanceOn(stage);
      judgeAll(rows, (row) => performance.judge(row));
    },
    plan: () => judgeAll(rows, (row) => playPlan(scene, row)),
  }));
  const whole = `I1 A4 §4 ${title}: live order is the archive's, and nothing extra`;
  tests.push({ title: whole, needs, scene, run: async (stage) => (await performanceOn(stage)).judgeWhole() });
  return tests;
}

/** Judges all rows, and throws once with everything that was wrong. */
function judgeAll(rows: readonly Row[], judge: (row: Row) => void): void {
  const wrong: string[] = [];
  for (const row of rows) {
    try {
      judge(row);
    } catch (error) {
      wrong.push(`${describeSending(row.send)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  check(wrong.length === 0, `${wrong.length} of ${rows.length} rows:\n${wrong.join('\n')}`);
}

function describeSending({ from, to, type, marker }: Sending): string {
  return `${from} -> ${to === '' ? 'no address' : to}, ${type ?? 'no type'}${marker === true ? ', marked' : ''}`;
}

/** One handwritten row in a world of its own. */
export function rowTest(
  title: string,
  world: World,
  send: Sending,
  expect: Expectation,
  facts: readonly Fact[] = [],
): Test {
  const row: Row = { title, send, expect };
  const scene: Scene = { world, facts, rows: [row] };
  return {
    title,
    needs: [],
    run: async (stage) => {
      const played = await playScene(stage, scene);
      played.judge(row);
      played.judgeWhole();
    },
    plan: () => playPlan(scene, row),
  };
}

/** A row whose expectation is derived from the rules. */
export function derivedRow(title: string, world: World, facts: readonly Fact[], send: Sending): Row {
  return { title, send, expect: deriveExpectation(world, facts, send) };
}
