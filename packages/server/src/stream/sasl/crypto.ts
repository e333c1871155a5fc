import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';

/** The hash functions of the SCRAM family, by the names that mechanisms carry. */
export type HashName = 'SHA-1' | 'SHA-256' | 'SHA-512';

const NODE_NAMES = { 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-512': 'sha512' } as const;

/** The length of a hash's value in bytes. */
export const HASH_BYTES = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-512': 64 } as const satisfies Record<HashName, number>;

/** H(data). */
export function digest(hash: HashName, data: Uint8Array | string): Uint8Array {
  return createHash(NODE_NAMES[hash]).update(data).digest();
}

/** HMAC(key, parts one after the other): RFC 2104. */
export function hmac(hash: HashName, key: Uint8Array | string, ...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const mac = createHmac(NODE_NAMES[hash], key);
  for (const part of parts) mac.update(part);
  return mac.digest();
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
