/* oxlint-disable vitest/expect-expect, vitest/no-standalone-expect -- the one test's assertions stand in `History` */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AccountLog, Appended, LogError, NewRow } from '../log.ts';
import {
  ALL,
  append,
  createRandom,
  makeRow,
  ManualClock,
  readText,
  type LogFixture,
  type OpenFixture,
} from './fixture.ts';

const ACCOUNTS = ['a@x', 'b@x', 'c@x'] as const;

interface ModelRow extends NewRow {
  readonly seq: number;
  readonly at: number;
}

/** One account, as simple as it can be said. */
interface ModelAccount {
  head: number;
  lastAt: number;
  cursor: number;
  rows: ModelRow[];
  /** The last row written with each key, expired or not. */
  readonly keys: Map<string, ModelRow>;
}

/** What `append` should answer. */
type Expected = { readonly written: readonly ModelRow[] } | { readonly repeated: ModelRow };

const newAccount = (): ModelAccount => ({ head: 0, lastAt: 0, cursor: 0, rows: [], keys: new Map() });

type Operation =
  | { readonly kind: 'append'; readonly unit: readonly (Partial<NewRow> & { readonly text: string })[] }
  | { readonly kind: 'clock'; readonly by: number }
  | { readonly kind: 'cursor'; readonly account: string; readonly part: number }
  | { readonly kind: 'expire'; readonly transient: number; readonly other: number }
  | { readonly kind: 'remove' | 'check'; readonly account: string }
  | { readonly kind: 'fail' | 'reopen' };

const account = fc.constantFrom(...ACCOUNTS);
const row = fc.record(
  {
    text: fc.string({ maxLength: 8 }),
    account,
    peer: account,
    peerResource: fc.constantFrom('', 'r'),
    transient: fc.boolean(),
    groupchat: fc.boolean(),
    dedupe: fc.record({ key: fc.constantFrom('k', 'l'), windowMs: fc.constantFrom(0, 10, 1000) }),
  },
  { requiredKeys: ['text', 'account'] },
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('append' as const), unit: fc.array(row, { maxLength: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('clock' as const), by: fc.integer({ min: -50, max: 100 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('cursor' as const),
      account,
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('expire' as const),
      transient: fc.integer({ min: 0, max: 100 }),
      other: fc.integer({ min: 0, max: 200 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('remove' as const, 'check' as const, 'check' as const), account }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('fail' as const, 'reopen' as const) }) },
);

/** Random histories, compared with a naive model of the contract. */
export function describeModel(open: OpenFixture, histories: number): void {
  test('random histories match the model', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async (operations) => {
        const clock = new ManualClock();
        const fixture = await open({ clock, random: createRandom() });
        try {
          await new History(fixture, clock).run(operations);
        } finally {
          await fixture.destroy();
        }
      }),
      { numRuns: histories },
    );
  }, 60_000);
}

class History {
  readonly #fixture: LogFixture;
  readonly #clock: ManualClock;
  #log: AccountLog;
  #failing = false;
  #accounts = new Map<string, ModelAccount>();
  #pending: Promise<void>[] = [];

  constructor(fixture: LogFixture, clock: ManualClock) {
    this.#fixture = fixture;
    this.#clock = clock;
    this.#log = fixture.log;
  }

  async run(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) await this.#step(operation);
    await this.#settle();
    for (const name of ACCOUNTS) await this.#check(name);
    this.#setFailing(false);
    this.#log = await this.#fixture.reopen();
    for (const name of ACCOUNTS) await this.#check(name);
  }

  async #step(operation: Operation): Promise<void> {
    if (operation.kind === 'append')
      return this.#append(operation.unit.map(({ text, ...fields }) => makeRow(text, fields)));
    if (operation.kind === 'clock') {
      this.#clock.time += operation.by;
      return;
    }
    await this.#settle();
    switch (operation.kind) {
      case 'check':
        return this.#check(operation.account);
      case 'cursor': {
        const found = this.#accounts.get(operation.account);
        const seq = Math.floor((found?.head ?? 0) * operation.part);
        this.#log.moveLegacyCursor(operation.account, { seq, owed: [] });
        if (found) found.cursor = Math.max(found.cursor, seq);
        return;
      }
      case 'fail':
        return this.#setFailing(!this.#failing);
      case 'reopen':
        this.#setFailing(false);
        this.#log = await this.#fixture.reopen();
        return;
      case 'remove':
        this.#setFailing(false);
        await this.#log.remove(operation.account);
        this.#accounts.delete(operation.account);
        return;
      case 'expire': {
        this.#setFailing(false);
        const bounds = { transient: this.#clock.time - operation.transient, other: this.#clock.time - operation.other };
        expect(await this.#log.expire(bounds)).toBe(this.#expire(bounds));
      }
    }
  }

  #setFailing(failing: boolean): void {
    this.#failing = failing;
    this.#fixture.fail(failing);
  }

  #append(unit: readonly NewRow[]): void {
    const expected = this.#failing && unit.length > 0 ? undefined : this.#write(unit);
    this.#pending.push(append(this.#log, ...unit).then((result) => this.#compare(result, expected)));
  }

  #compare(result: Appended | LogError, expected: Expected | undefined): void {
    if (!expected) return expect(result).toMatchObject({ name: 'LogError' });
    if ('repeated' in expected) expect(result).toMatchObject({ repeated: pick(expected.repeated) });
    else expect(result).toMatchObject({ places: expected.written.map(({ seq, at }) => ({ seq, at })) });
  }

  #write(unit: readonly NewRow[]): Expected {
    for (const { account, dedupe } of unit) {
      const known = this.#accounts.get(account);
      const now = Math.max(this.#clock.time, known?.lastAt ?? 0);
      const last = dedupe && known?.keys.get(dedupe.key);
      if (last?.dedupe && known?.rows.includes(last) && now < last.at + last.dedupe.windowMs) return { repeated: last };
    }
    const written = unit.map((row) => {
      const known = this.#accounts.get(row.account) ?? newAccount();
      this.#accounts.set(row.account, known);
      known.head += 1;
      known.lastAt = Math.max(this.#clock.time, known.lastAt);
      const stored = { ...row, seq: known.head, at: known.lastAt };
      known.rows.push(stored);
      if (row.dedupe) known.keys.set(row.dedupe.key, stored);
      return stored;
    });
    return { written };
  }

  #expire({ transient, other }: { transient: number; other: number }): number {
    let deleted = 0;
    for (const known of this.#accounts.values()) {
      const kept = known.rows.filter((row) => row.at >= (row.transient ? transient : other));
      deleted += known.rows.length - kept.length;
      known.rows = kept;
    }
    return deleted;
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#pending);
    this.#pending = [];
  }

  async #check(name: string): Promise<void> {
    const { head, cursor, rows } = this.#accounts.get(name) ?? newAccount();
    expect(await this.#log.head(name)).toBe(head);
    expect((await this.#log.legacyCursor(name)).seq).toBe(cursor);
    const read = await this.#log.read(name, 0, 1000);
    expect(read.map((row) => ({ ...pick(row), text: readText(row) }))).toEqual(
      rows.map((row) => ({ ...pick(row), text: new TextDecoder().decode(row.stanza) })),
    );
    for (const { id, seq } of read) expect(await this.#log.resolve(name, id)).toBe(seq);
    for (const peer of ACCOUNTS) {
      const filter = { ...ALL, with: { bare: peer, resource: '' } };
      expect(await this.#log.count(name, filter)).toBe(rows.filter((row) => row.peer === peer).length);
    }
  }
}

function pick({ seq, at, peer }: { seq: number; at: number; peer: string }): { seq: number; at: number; peer: string } {
  return { seq, at, peer };
}
