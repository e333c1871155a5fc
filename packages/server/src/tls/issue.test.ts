import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { requirePeer } from '../../../../conformance/peers.ts';
import { issueSelfSigned } from './issue.ts';

const REQUEST = {
  commonName: 'chat.example',
  domains: ['chat.example', 'xn--bcher-kva.example'],
  addresses: ['127.0.0.1', '::1', '2001:db8::2:1', '::ffff:192.0.2.1'],
  notBefore: new Date('2026-11-22T10:20:30.400Z'),
  notAfter: new Date('2049-12-31T23:59:59Z'),
};

/** Node reads it as it was meant. */
function read(request = REQUEST): X509Certificate {
  return new X509Certificate(issueSelfSigned(request).cert);
}

test('RFC 5280 §4.1: what was asked for is what Node reads', () => {
  const leaf = read();
  expect(leaf.subject).toBe('CN=chat.example');
  expect(leaf.issuer).toBe('CN=chat.example');
  expect(leaf.ca).toBe(false);
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']); // extended: serverAuth
  expect(leaf.validFromDate).toEqual(new Date('2026-11-22T10:20:30Z'));
  expect(leaf.validToDate).toEqual(REQUEST.notAfter);
  expect(leaf.subjectAltName).toBe(
    [
      'DNS:chat.example, DNS:xn--bcher-kva.example',
      'IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:2001:DB8:0:0:0:0:2:1, IP Address:0:0:0:0:0:FFFF:C000:201',
    ].join(', '),
  );
});

test('the certificate is signed with its own key, each by another one', () => {
  const { cert, key } = issueSelfSigned(REQUEST);
  const leaf = new X509Certificate(cert);
  expect(leaf.verify(leaf.publicKey)).toBe(true);
  expect(leaf.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  expect(read().serialNumber).not.toBe(leaf.serialNumber);
  expect(leaf.verify(read().publicKey)).toBe(false);
});

test('RFC 5280 §4.1.2.5: years from 2050 on have four digits', () => {
  const leaf = read({ ...REQUEST, notAfter: new Date('2050-01-01T00:00:00Z') });
  expect(leaf.validToDate).toEqual(new Date('2050-01-01T00:00:00Z'));
});

test('any number of domains, with lengths of one to three bytes', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1000 }), fc.integer({ min: 1, max: 55 }), (count, length) => {
      const domains = Array.from({ length: count }, (_, index) => `${'d'.repeat(length)}${index}.example`);
      const names = (read({ ...REQUEST, domains, addresses: ['127.0.0.1'] }).subjectAltName ?? '').split(', ');
      expect(names).toEqual([...domains.map((domain) => `DNS:${domain}`), 'IP Address:127.0.0.1']);
    }),
    { numRuns: 20, examples: [[1000, 55]] }, // 70 KB
  );
});

test.runIf(requirePeer('openssl', 'a certificate of our own'))(
  'OpenSSL has no complaint, as strict as it can be',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'tutti-issue-'));
    const file = join(folder, 'own.crt');
    writeFileSync(file, issueSelfSigned({ ...REQUEST, notBefore: new Date(Date.now() - 60_000) }).cert);
    const options = ['verify', '-x509_strict', '-check_ss_sig', '-purpose', 'sslserver', '-partial_chain'];
    const { stdout, stderr } = spawnSync('openssl', [...options, '-trusted', file, file]);
    expect(`${stdout}${stderr}`).toBe(`${file}: OK\n`);
    rmSync(folder, { recursive: true });
  },
);
