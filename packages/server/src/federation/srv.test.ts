import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRefusal, orderTargets, type SrvRecord } from './srv.ts';

const record = (name: string, priority = 0, weight = 0, port = 5269): SrvRecord & { directTls: boolean } => {
  return { name, priority, weight, port, directTls: false };
};
const hosts = (records: readonly (SrvRecord & { directTls: boolean })[], random: () => number): string[] =>
  orderTargets(records, random).map(({ host }) => host);

describe('RFC 2782 the order of targets', () => {
  it('goes by priority first, whatever the weights', () => {
    const records = [record('c', 30, 100), record('a', 10), record('b', 20, 65_535)];
    expect(hosts(records, () => 0.999)).toEqual(['a', 'b', 'c']);
  });

  it('draws among equal ones by weight', () => {
    const records = [record('heavy', 0, 3), record('light', 0, 1)];
    expect(hosts(records, () => 0)).toEqual(['light', 'heavy']);
    expect(hosts(records, () => 0.3)).toEqual(['light', 'heavy']);
    expect(hosts(records, () => 0.5)).toEqual(['heavy', 'light']);
    const first = Array.from({ length: 1000 }, (_, i) => hosts(records, () => i / 1000)[0]);
    expect(first.filter((host) => host === 'heavy').length).toBe(600);
  });

  it('gives weight 0 a small chance beside others', () => {
    const records = [record('zero'), record('ten', 0, 10)];
    expect(hosts(records, () => 0)).toEqual(['zero', 'ten']);
    expect(hosts(records, () => 0.5)).toEqual(['ten', 'zero']);
  });

  it('tries every target once, and never "."', () => {
    const target = fc.record({
      name: fc.constantFrom('a', 'b', 'c', '.', ''),
      priority: fc.nat(3),
      weight: fc.nat(65_535),
      port: fc.integer({ min: 1, max: 65_535 }),
      directTls: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(target),
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1 }),
        (records, draws) => {
          let i = 0;
          const ordered = orderTargets(records, () => draws[i++ % draws.length] ?? 0);
          const usable = records.filter(({ name }) => name !== '.' && name !== '');
          const describe = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;
          expect(ordered.map(describe).toSorted()).toEqual(
            usable.map(({ name, port }) => `${name}:${port}`).toSorted(),
          );
        },
      ),
    );
  });

  it('XEP-0368 §3 mixes both services, and knows which is which', () => {
    const records = [record('plain', 5), { ...record('direct', 1), directTls: true }];
    expect(orderTargets(records, () => 0)).toMatchObject([
      { host: 'direct', directTls: true },
      { host: 'plain', directTls: false },
    ]);
  });

  it('"." alone says that there is no service', () => {
    expect(isRefusal([record('.')])).toBe(true);
    expect(isRefusal([record('')])).toBe(true);
    expect(isRefusal([record('.'), record('a')])).toBe(false);
    expect(isRefusal([])).toBe(false);
  });
});
