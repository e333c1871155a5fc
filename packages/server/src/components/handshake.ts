import { createHash, timingSafeEqual } from 'node:crypto';

/** XEP-0114 §3: the proof that a component knows a secret: SHA-1 over the stream's id and the secret, in lower-case hex. */
export function makeHandshake(streamId: string, secret: string): string {
  return createHash('sha1')
    .update(streamId + secret)
    .digest('hex');
}

/** Whether a proof is good for any of the secrets; it takes the same time for each. */
export function isGoodHandshake(proof: string, streamId: string, secrets: readonly string[]): boolean {
  const given = Buffer.from(proof.trim().toLowerCase());
  const good = secrets.map((secret) => {
    const expected = Buffer.from(makeHandshake(streamId, secret));
    return expected.length === given.length && timingSafeEqual(expected, given);
  });
  return good.includes(true);
}
