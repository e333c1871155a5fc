import { describe, expect, it } from 'vitest';
import { GenerationCache } from './jid-cache.ts';

describe('GenerationCache', () => {
  it('keeps the last entries and forgets older ones', () => {
    const cache = new GenerationCache<number>(3);
    for (let key = 0; key < 100; key += 1) {
      cache.set(String(key), key);
      expect(cache.size).toBeLessThanOrEqual(6);
    }
    expect([97, 98, 99].map((key) => cache.get(String(key)))).toEqual([97, 98, 99]);
    expect(cache.get('93')).toBeUndefined();
  });

  it('keeps what is asked for while others come and go', () => {
    const cache = new GenerationCache<number>(3);
    cache.set('in use', 1);
    for (let key = 0; key < 100; key += 1) {
      cache.set(String(key), key);
      expect(cache.get('in use')).toBe(1);
    }
  });

  it('replaces an entry without making room', () => {
    const cache = new GenerationCache<number>(2);
    cache.set('a', 1);
    cache.set('b', 2);
    cache.set('a', 3);
    expect([cache.get('a'), cache.get('b'), cache.size]).toEqual([3, 2, 2]);
  });

  it('holds at least one entry', () => {
    const cache = new GenerationCache<number>(0);
    cache.set('a', 1);
    expect(cache.get('a')).toBe(1);
  });
});
