import { describe, expect, it } from 'vitest';
import { deriveExpectation } from './oracle.ts';
import { playPlan } from './plan.ts';
import { expectation, type Row, type Scene } from './row.ts';

const world = { alice: 'phone=im-ng tv=im-ng', bob: 'phone=im-ng laptop=legacy,carbons' };
const send = { from: 'alice.phone', to: 'bob', type: 'chat' };
const scene = (row: Row): Scene => ({ world, facts: [], rows: [row] });

describe('a row against planMessage', () => {
  const right = expectation(
    { 'alice.phone': 'reflection', 'alice.tv': 'reflection', 'bob.phone': 'archived', 'bob.laptop': 'as sent' },
    { alice: 1, bob: 1 },
  );

  it('holds as written, and is what the oracle derives', () => {
    const row: Row = { title: '', send, expect: right };
    expect(() => playPlan(scene(row), row)).not.toThrow();
    expect(deriveExpectation(world, [], send)).toEqual(right);
  });

  it.each([
    ['somebody too few', { ...right, sees: { ...right.sees, 'alice.tv': [] } }],
    ['somebody too many', { ...right, sees: { ...right.sees, 'bob.phone': ['archived', 'archived'] } }],
    ['another form', { ...right, sees: { ...right.sees, 'bob.phone': ['as sent'] } }],
    ['a row too many', { ...right, rows: { alice: 2, bob: 1 } }],
    ['a row too few', { ...right, rows: { alice: 1 } }],
    ['an error', { ...right, error: 'service-unavailable' }],
  ] as const)('is found wrong: %s', (_title, wrong) => {
    const row: Row = { title: '', send, expect: wrong };
    expect(() => playPlan(scene(row), row)).toThrow(/must|error/);
  });
});
