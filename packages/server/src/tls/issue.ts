/**
 * Makes a self-signed certificate: the twenty fields of RFC 5280 §4.1 that one needs, in DER (X.690), signed by Node. A library for every
 * kind of certificate takes longer to load than the whole database (ADR 23).
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** What a certificate is issued for. */
export interface CertificateRequest {
  /** For people who look at it; at most 64 characters. */
  readonly commonName: string;
  /** Names in ASCII. */
  readonly domains: readonly string[];
  /** IPv4 and IPv6. */
  readonly addresses: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const OID = {
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
  commonName: [0x55, 0x04, 0x03],
  keyUsage: [0x55, 0x1d, 0x0f],
  subjectAltName: [0x55, 0x1d, 0x11],
  basicConstraints: [0x55, 0x1d, 0x13],
  extKeyUsage: [0x55, 0x1d, 0x25],
  serverAuth: [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01],
};

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** Context-specific ones: primitive, or holding others. */
  context: 0x80,
  explicit: 0xa0,
};

/**
 * Issues a certificate for a new key, ECDSA on P-256 with SHA-256, for servers (not for authorities).
 * @returns both in PEM, the key as PKCS #8
 */
export function issueSelfSigned(request: CertificateRequest): { readonly cert: string; readonly key: string } {
  const { privateKey: key } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const signer = createPrivateKey(key);
  const spki = createPublicKey(signer).export({ type: 'spki', format: 'der' });
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const name = sequence(der(TAG.set, sequence(oid(OID.commonName), der(TAG.utf8String, utf8(request.commonName)))));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40; // positive, and no leading zero
  const body = sequence(
    der(TAG.explicit, der(TAG.integer, [2])), // version 3
    der(TAG.integer, serial),
    algorithm,
    name,
    sequence(time(request.notBefore), time(request.notAfter)),
    name,
    spki,
    der(TAG.explicit + 3, sequence(...listExtensions(request))),
  );
  const certificate = sequence(body, algorithm, bitString(0, sign('sha256', body, signer)));
  const lines = certificate.toString('base64').replace(/.{1,64}/g, '$&\n');
  return { key, cert: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n` };
}

function listExtensions({ domains, addresses }: CertificateRequest): Buffer[] {
  const names = [
    ...domains.map((domain) => der(TAG.context + 2, utf8(domain))),
    ...addresses.map((address) => der(TAG.context + 7, packAddress(address))),
  ];
  return [
    extension(OID.basicConstraints, sequence(), true),
    extension(OID.keyUsage, bitString(7, [0x80]), true), // digitalSignature
    extension(OID.extKeyUsage, sequence(oid(OID.serverAuth))),
    extension(OID.subjectAltName, sequence(...names)),
  ];
}

/** RFC 5280 §4.2.1.6: in network byte order, 4 bytes or 16. */
function packAddress(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const before = head.split(':').filter(Boolean);
  const after = tail.split(':').filter(Boolean);
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function extension(id: readonly number[], value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [der(TAG.boolean, [0xff])] : [];
  return sequence(oid(id), ...critical, der(TAG.octetString, value));
}

/** RFC 5280 §4.1.2.5: two digits of the year until 2049, four from then on. */
function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, '');
  return date.getUTCFullYear() < 2050
    ? der(TAG.utcTime, utf8(digits.slice(2)))
    : der(TAG.generalizedTime, utf8(digits));
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(TAG.sequence, Buffer.concat(parts));
}

function oid(bytes: readonly number[]): Buffer {
  return der(TAG.oid, bytes);
}

function bitString(unusedBits: number, bytes: ArrayLike<number>): Buffer {
  return der(TAG.bitString, Uint8Array.of(unusedBits, ...Array.from(bytes)));
}

function utf8(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

/** X.690 §8.1: tag, length (§8.1.3: in one byte, or the number of its bytes before it), contents. */
function der(tag: number, contents: ArrayLike<number>): Buffer {
  const { length } = contents;
  const digits = Buffer.from(length.toString(16).padStart(8, '0'), 'hex');
  const long = digits.subarray(digits.findIndex((byte) => byte > 0));
  const head = length < 0x80 ? [tag, length] : [tag, 0x80 + long.length, ...long];
  return Buffer.concat([Uint8Array.from(head), Uint8Array.from(contents)]);
}
