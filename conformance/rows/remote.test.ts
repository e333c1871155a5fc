/* oxlint-disable vitest/expect-expect -- playPlan throws unless the plan is what the row expects */
import { describe, test } from 'vitest';
import { TYPES, WORLDS } from '../xep-0409/worlds.ts';
import { deriveExpectation } from './oracle.ts';
import { playPlan } from './plan.ts';
import { sketch } from './row.ts';

/** Somebody on another server, whom no world names. */
const FROM = 'romeo.orchard';

// What goes out to other servers is among the rows of every combination (to: remote). This is what comes in: every kind of world × address × type × marker.
describe('C1–C6 D1–D5 §4 from another server', () => {
  test.each(WORLDS.map(({ name, world, facts }) => [name, world, facts] as const))('%s', (_, world, facts) => {
    const sessions = ['bob', 'alice'].flatMap((who) =>
      (sketch(world, who)?.sessions ?? []).map(({ name }) => `${who}/${name}`),
    );
    for (const to of ['bob', 'alice', ...sessions, 'bob/gone', 'nobody', 'nobody/phone']) {
      for (const type of TYPES) {
        for (const marker of [false, true]) {
          const send = { from: FROM, to, type, marker };
          playPlan({ world, facts, rows: [] }, { title: '', send, expect: deriveExpectation(world, facts, send) });
        }
      }
    }
  });

  test('D4 blocked by the one and not by the other', () => {
    const world = { bob: 'phone=im-ng', alice: 'phone=im-ng' };
    for (const to of ['bob', 'bob/phone', 'alice']) {
      const facts = [`bob blocks romeo`] as const;
      const send = { from: FROM, to, type: 'chat' };
      playPlan({ world, facts, rows: [] }, { title: '', send, expect: deriveExpectation(world, facts, send) });
    }
  });
});
