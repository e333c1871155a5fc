import { createHash, X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';
import { describe, expect, test } from 'vitest';
import { hashServerEndPoint } from './channel-binding.ts';

describe('RFC 5929 §4.1 tls-server-end-point', () => {
  // Whose hash is of the certificate by the hash of its signature; but for the weak ones.
  test.each([
    ['sha256', 'sha256'],
    ['sha384', 'sha384'],
    ['sha512', 'sha512'],
    ['sha1', 'sha256'],
  ])('signed with %s: %s', async (algorithm, hash) => {
    const { cert } = await generate([{ name: 'commonName', value: 'x' }], { keyType: 'ec', algorithm });
    const { raw } = new X509Certificate(cert);
    expect(hashServerEndPoint(raw)).toEqual(createHash(hash).update(raw).digest());
  });
});
