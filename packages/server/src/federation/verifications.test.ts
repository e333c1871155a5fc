import { describe, expect, it } from 'vitest';
import { Verifications } from './verifications.ts';

const never = new Promise<boolean>(() => {});
const yes = (): Promise<boolean> => Promise.resolve(true);

describe('verifications of dialback keys', () => {
  it('one address takes a part of what there is', async () => {
    const verifications = new Verifications();
    for (let n = 0; n < 16; n += 1) void verifications.run('192.0.2.1', () => never);
    await expect(verifications.run('192.0.2.1', yes)).rejects.toThrow('too many');
    await expect(verifications.run('192.0.2.2', yes)).resolves.toBe(true);
  });

  it('all of them have a bound, and one that ends makes room', async () => {
    const verifications = new Verifications();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const first = verifications.run('192.0.2.1', () => promise);
    for (let n = 1; n < 64; n += 1) void verifications.run(`192.0.2.${n + 1}`, () => never);
    await expect(verifications.run('198.51.100.1', yes)).rejects.toThrow('too many');
    resolve(false);
    await expect(first).resolves.toBe(false);
    await expect(verifications.run('198.51.100.1', yes)).resolves.toBe(true);
  });
});
