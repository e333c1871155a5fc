import { afterEach, beforeEach, describe } from 'vitest';
import { describeAppend } from './suite/append.ts';
import { createRandom, ManualClock, type LogFixture, type OpenFixture } from './suite/fixture.ts';
import { describeLifetime } from './suite/lifetime.ts';
import { describeModel } from './suite/model.ts';
import { describeParcels } from './suite/parcels.ts';
import { describeQuery } from './suite/query.ts';

export type { OpenFixture } from './suite/fixture.ts';

/**
 * The contract of `AccountLog` as tests. Every adapter runs them; `open` gives each test a log on an empty disk.
 * `histories` is how many random ones are compared with the model.
 */
export function describeLog(name: string, open: OpenFixture, { histories = 100 } = {}): void {
  describe(`${name}: contract`, () => {
    let fixture: LogFixture;
    let clock: ManualClock;
    beforeEach(async () => {
      clock = new ManualClock();
      fixture = await open({ clock, random: createRandom() });
    });
    afterEach(() => fixture.destroy());

    describe('append', () => {
      describeAppend(
        () => fixture,
        () => clock,
      );
    });
    describe('query', () => {
      describeQuery(
        () => fixture,
        () => clock,
      );
    });
    describe('parcels', () => {
      describeParcels(
        () => fixture,
        () => clock,
      );
    });
    describe('lifetime', () => {
      describeLifetime(
        () => fixture,
        () => clock,
      );
    });
  });
  describe(`${name}: histories`, () => {
    describeModel(open, histories);
  });
}
