import { hash as hashOnce, pbkdf2, timingSafeEqual } from 'node:crypto';

/** The hash functions of the SCRAM family, by the names that mechanisms carry. */
export type HashName = 'SHA-1' | 'SHA-256' | 'SHA-512';

const NODE_NAMES = { 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-512': 'sha512' } as const;

/** The length of a hash's value in bytes. */
export const HASH_BYTES = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-512': 64 } as const satisfies Record<HashName, number>;

/** Bytes that a hash takes in at a time: RFC 6234 §1. */
const BLOCK_BYTES = { 'SHA-1': 64, 'SHA-256': 64, 'SHA-512': 128 } as const satisfies Record<HashName, number>;

/** H(data). */
export function digest(hash: HashName, data: Uint8Array | string): Uint8Array {
  return hashOnce(NODE_NAMES[hash], data, 'buffer');
}

/**
 * HMAC(key, parts one after the other): RFC 2104 §2. Made of two hashes at a quarter of the time that `createHmac` takes to make a
 * key object of the key.
 */
export function hmac(hash: HashName, key: Uint8Array | string, ...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const block = BLOCK_BYTES[hash];
  const given = Buffer.from(key);
  const secret = given.length > block ? digest(hash, given) : given;
  const inner = Buffer.alloc(block, 0x36);
  const outer = Buffer.alloc(block, 0x5c);
  secret.forEach((byte, index) => {
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  });
  const text = Buffer.concat([inner, ...parts.map((part) => Buffer.from(part))]);
  return digest(hash, Buffer.concat([outer, digest(hash, text)]));
}

/** Hi(password, salt, iterations) of RFC 5802 §2.2, computed in the thread pool. */
export function stretch(hash: HashName, password: string, salt: Uint8Array, iterations: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, HASH_BYTES[hash], NODE_NAMES[hash], (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

/** Compares secrets in a time that depends on their lengths only. */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** a XOR b, of equal length. */
export function xorBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] ?? 0));
}
