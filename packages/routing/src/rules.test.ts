import { describe, expect, it } from 'vitest';
import { RULES } from './rules.ts';

describe('RULES', () => {
  it('has every id of the contract, without a gap', () => {
    const last = { C: 7, A: 8, D: 7, S: 8, E: 5, K: 6 };
    const ids = Object.entries(last).flatMap(([letter, count]) =>
      Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
    );
    expect(Object.keys(RULES)).toEqual(ids);
  });

  it.each(Object.entries(RULES))('%s has a section and a summary that fit on a line', (id, { section, summary }) => {
    expect(section).toMatch(/^(§|RFC \d+ §|XEP-\d{4} §)/);
    expect(`${id}  ${section}  ${summary}`.length).toBeLessThan(120);
    expect(summary).not.toMatch(/\.$/);
  });
});
