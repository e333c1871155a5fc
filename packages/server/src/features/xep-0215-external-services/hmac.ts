import type { FeatureApi } from '../../feature.ts';

const BLOCK = 64;

/** RFC 2104: HMAC-SHA1, which TURN servers make passwords with, in base64. */
export function hmacSha1(api: Pick<FeatureApi, 'digest'>, key: string, text: string): string {
  const encoder = new TextEncoder();
  const given = encoder.encode(key);
  const block = new Uint8Array(BLOCK);
  block.set(given.length > BLOCK ? api.digest('sha-1', given) : given);
  const inner = api.digest('sha-1', join(mask(block, 0x36), encoder.encode(text)));
  return btoa(String.fromCharCode(...api.digest('sha-1', join(mask(block, 0x5c), inner))));
}

function mask(block: Uint8Array, value: number): Uint8Array {
  return block.map((byte) => byte ^ value);
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
