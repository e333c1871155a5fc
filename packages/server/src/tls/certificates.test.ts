import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, TLSSocket, type ConnectionOptions } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../config/load.ts';
import { prepareCertificates, type Certificates } from './certificates.ts';
import { hashServerEndPoint, readServerEndPoint } from './channel-binding.ts';
import { inspectCertificates } from './inspect.ts';

const DAY_MS = 86_400_000;
const START = Date.now();

let dataDir: string;
let time: number;
const open: { close?(): unknown; destroy?(): unknown }[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tutti-tls-'));
  time = START;
});

afterEach(() => {
  for (const thing of open.splice(0).reverse()) {
    thing.destroy?.();
    thing.close?.();
  }
  rmSync(dataDir, { recursive: true });
});

function configure(...settings: string[]) {
  return loadConfig({ cwd: dataDir, data: '.', settings }).config;
}

function prepare(...settings: string[]) {
  return prepareCertificates(configure(...settings), dataDir, () => time);
}

function inspect(...settings: string[]) {
  return inspectCertificates(configure(...settings), dataDir, time);
}

interface Pair {
  readonly cert: string;
  readonly key: string;
}

const pairs = new Map<string, Pair>();

/** A certificate for a name; the same one when asked again. */
async function issue(name: string, validDays = 90): Promise<Pair> {
  const known = pairs.get(`${name} ${validDays}`);
  if (known !== undefined) return known;
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'test' }], {
    keyType: 'ec',
    algorithm: 'sha384',
    notBeforeDate: new Date(START - 100 * DAY_MS),
    notAfterDate: new Date(START + validDays * DAY_MS),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
  });
  pairs.set(`${name} ${validDays}`, { cert, key });
  return { cert, key };
}

async function put(file: string, name: string, validDays?: number): Promise<string> {
  const { cert, key } = await issue(name, validDays);
  writeFileSync(join(dataDir, `${file}.crt`), cert);
  writeFileSync(join(dataDir, `${file}.key`), key, { mode: 0o600 });
  return new X509Certificate(cert).fingerprint256;
}

/** A server that encrypts each connection as STARTTLS does. */
async function serve(certificates: Certificates, domain?: string): Promise<{ port: number; sockets: TLSSocket[] }> {
  const sockets: TLSSocket[] = [];
  const server: Server = createServer((socket: Socket) => {
    const secured = new TLSSocket(socket, certificates.socketOptions(domain));
    secured.on('error', () => secured.destroy());
    secured.on('data', (data) => secured.write(data));
    sockets.push(secured);
    open.push(secured);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return { port: (server.address() as AddressInfo).port, sockets };
}

async function dial(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  open.push(socket);
  await once(socket, 'secureConnect');
  return socket;
}

async function seeCertificate(port: number, servername?: string): Promise<string> {
  const socket = await dial(port, servername === undefined ? {} : { servername });
  return socket.getPeerCertificate().fingerprint256;
}

describe('without configured files', () => {
  test('an ECDSA P-256 certificate for all domains and the loopback addresses is made and kept', async () => {
    const { certificates, notes } = await prepare('domains=example.org,bücher.example');
    expect(notes).toEqual([
      { level: 'info', message: 'made a self-signed certificate for example.org, bücher.example: there was none' },
    ]);
    const certFile = join(dataDir, 'tls', 'self-signed.crt');
    const leaf = new X509Certificate(readFileSync(certFile));
    expect(leaf.subjectAltName).toBe(
      'DNS:example.org, DNS:xn--bcher-kva.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    expect(leaf.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(leaf.ca).toBe(false);
    expect(statSync(join(dataDir, 'tls', 'self-signed.key')).mode & 0o777).toBe(0o600);
    expect(certificates.list()).toEqual([
      { file: certFile, domains: ['example.org', 'bücher.example'], selfSigned: true, expires: leaf.validToDate },
    ]);
    expect(certificates.certificateFor('example.org')).toEqual(leaf.raw);

    const again = await prepare('domains=example.org,bücher.example');
    expect(again.notes).toEqual([]);
    expect(again.certificates.certificateFor()).toEqual(leaf.raw);
  });

  test('a domain may be an address, or too long for a common name', async () => {
    const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.example`;
    const settings = [`domains=[::1],10.0.0.1,${long}`];
    const { certificates } = await prepare(...settings);
    const leaf = new X509Certificate(certificates.certificateFor());
    expect(leaf.subjectAltName).toBe(
      `DNS:${long}, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:10.0.0.1`,
    );
    expect((await prepare(...settings)).notes).toEqual([]);
    expect((await prepare(`domains=${long},[::1]`)).notes[0]?.message).toMatch(/no longer served/);
  });

  test('a client that knows the certificate verifies name and address', async () => {
    const { certificates } = await prepare('domains=bücher.example,localhost');
    const { port } = await serve(certificates);
    const ca = readFileSync(join(dataDir, 'tls', 'self-signed.crt'));
    for (const servername of ['xn--bcher-kva.example', 'localhost']) {
      expect((await dial(port, { ca, servername, rejectUnauthorized: true })).authorized).toBe(true);
    }
    expect((await dial(port, { ca, rejectUnauthorized: true })).authorized).toBe(true); // by address, without SNI
  });

  test.each<[string, number, string[], RegExp]>([
    ['it expires soon', 336, ['domains=a.example'], /expires soon/],
    ['the clock was wrong', -3, ['domains=a.example'], /not valid yet/],
    ['a domain is new', 0, ['domains=a.example,b.example'], /not for b.example/],
  ])('it is made anew when %s', async (_, days, settings, reason) => {
    const first = await prepare('domains=a.example');
    time += days * DAY_MS;
    const second = await prepare(...settings);
    expect(second.notes).toMatchObject([{ level: 'info', message: expect.stringMatching(reason) }]);
    expect(second.certificates.certificateFor()).not.toEqual(first.certificates.certificateFor());
    expect((await prepare(...settings)).notes).toEqual([]);
  });

  test('it is kept until a month before its end', async () => {
    await prepare();
    time += 334 * DAY_MS;
    expect((await prepare()).notes).toEqual([]);
  });

  test('it is made anew when a domain is gone, or a file is damaged', async () => {
    await prepare('domains=a.example,b.example');
    expect((await prepare('domains=a.example')).notes[0]?.message).toMatch(/no longer served/);
    writeFileSync(join(dataDir, 'tls', 'self-signed.key'), 'nonsense');
    expect((await prepare('domains=a.example')).notes[0]?.message).toMatch(/self-signed.key: is not PEM/);
  });
});

describe('with configured files', () => {
  test('each domain gets its own by SNI, wildcards too; others and clients without SNI get [tls] cert', async () => {
    const main = await put('main', 'main.example');
    const own = await put('own', 'own.example');
    const wild = await put('wild', '*.wild.example');
    const { certificates, notes } = await prepare(
      'domains=main.example,own.example,a.wild.example',
      'tls.cert=main.crt',
      'tls.key=main.key',
      'tls.domains."own.example".cert=own.crt',
      'tls.domains."own.example".key=own.key',
      'tls.domains."*.wild.example".cert=wild.crt',
      'tls.domains."*.wild.example".key=wild.key',
    );
    expect(notes).toEqual([]);
    const { port } = await serve(certificates);
    expect(await seeCertificate(port)).toBe(main);
    expect(await seeCertificate(port, 'main.example')).toBe(main);
    expect(await seeCertificate(port, 'unknown.example')).toBe(main);
    expect(await seeCertificate(port, 'OWN.example')).toBe(own);
    expect(await seeCertificate(port, 'a.wild.example')).toBe(wild);
    expect(await seeCertificate(port, 'a.b.wild.example')).toBe(main);
    const digest = createHash('sha256').update(certificates.certificateFor('own.example')).digest('hex');
    expect(digest).toBe(own.replaceAll(':', '').toLowerCase());
    expect(certificates.list().map(({ domains, selfSigned }) => ({ domains, selfSigned }))).toEqual([
      { domains: ['own.example'], selfSigned: false },
      { domains: ['a.wild.example'], selfSigned: false },
      { domains: ['main.example'], selfSigned: false },
    ]);
    const named = await serve(certificates, 'own.example');
    expect(await seeCertificate(named.port)).toBe(own);
  });

  test('domains without a certificate of their own get the self-signed one', async () => {
    await put('own', 'own.example');
    const own = ['tls.domains."own.example".cert=own.crt', 'tls.domains."own.example".key=own.key'];
    const { notes } = await prepare('domains=own.example,other.example', ...own);
    expect(notes[0]?.message).toMatch(/^made a self-signed certificate for other.example:/);
    expect((await prepare('domains=own.example', ...own)).notes).toEqual([]);
  });

  test('TLS older than tls.min_version is refused', async () => {
    const { port } = await serve((await prepare('tls.min_version="1.3"')).certificates);
    await expect(dial(port, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/alert|protocol/i);
    expect((await dial(port)).getProtocol()).toBe('TLSv1.3');
  });

  const files = ['tls.cert=own.crt', 'tls.key=own.key'];

  test.each<[string, () => void, RegExp]>([
    ['the certificate is missing', () => rmSync(join(dataDir, 'own.crt')), /own.crt: there is no such file$/],
    ['the key is missing', () => rmSync(join(dataDir, 'own.key')), /own.key: there is no such file$/],
    [
      'the certificate is DER',
      () => writeFileSync(join(dataDir, 'own.crt'), '0\u0082'),
      /own.crt: is not PEM .*openssl/,
    ],
    [
      'the files are exchanged',
      () => writeFileSync(join(dataDir, 'own.key'), readFileSync(join(dataDir, 'own.crt'))),
      /own.key: has no private key in it$/,
    ],
    [
      'the certificate file holds a key',
      () => writeFileSync(join(dataDir, 'own.crt'), readFileSync(join(dataDir, 'own.key'))),
      /own.crt: has no certificate in it$/,
    ],
    [
      'the key is of another',
      () => writeFileSync(join(dataDir, 'own.key'), pairs.get('b.example 90')?.key ?? ''),
      /own.key: is not the key of the first certificate in .*own.crt \(own.example\)$/,
    ],
    [
      'the certificate is damaged',
      () => writeFileSync(join(dataDir, 'own.crt'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'),
      /own.crt: the certificate in it is damaged$/,
    ],
    [
      'the key is damaged',
      () => writeFileSync(join(dataDir, 'own.key'), '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'),
      /own.key: the private key in it is damaged$/,
    ],
    [
      'the key has a passphrase',
      () => writeFileSync(join(dataDir, 'own.key'), '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA'),
      /own.key: is encrypted with a passphrase/,
    ],
    [
      'the certificate is a folder',
      () => {
        rmSync(join(dataDir, 'own.crt'));
        mkdirSync(join(dataDir, 'own.crt'));
      },
      /own.crt: is a folder/,
    ],
  ])('%s: the message names the file and what is wrong', async (_, damage, message) => {
    await issue('b.example');
    await put('own', 'own.example');
    damage();
    await expect(prepare('domains=own.example', ...files)).rejects.toMatchObject({
      name: 'CertificateError',
      message: expect.stringMatching(message),
    });
    expect(inspect('domains=own.example', ...files)).toEqual([
      { status: 'fail', message: expect.stringMatching(message) },
    ]);
  });

  test('an expired one, and one for other names, is used with a warning', async () => {
    await put('own', 'own.example', -1);
    const { notes } = await prepare('domains=other.example', ...files);
    expect(notes).toEqual([
      { level: 'warn', message: expect.stringMatching(/own.crt: expired on \d{4}-\d\d-\d\d/) },
      { level: 'warn', message: expect.stringMatching(/own.crt: is for own.example, not for other.example/) },
    ]);
    time -= 365 * DAY_MS;
    expect((await prepare('domains=own.example', ...files)).notes[0]?.message).toMatch(/is not valid before .*clock/);
  });
});

describe('authorities for other servers (s2s.ca)', () => {
  test('are read at the start and at a reload; what cannot be used is told of', async () => {
    await put('own', 'own.example');
    await expect(prepare('s2s.ca=gone.crt')).rejects.toThrow(/gone.crt: there is no such file$/);
    expect(inspect('s2s.ca=own.key')).toMatchObject([
      { status: 'fail', message: expect.stringMatching(/own.key: has no certificate in it$/) },
      { status: 'ok' },
    ]);
    const { certificates } = await prepare('s2s.ca=own.crt');
    const damaged = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    writeFileSync(join(dataDir, 'two.crt'), (await issue('a.example')).cert + damaged);
    await expect(certificates.reload(configure('s2s.ca=two.crt'))).rejects.toThrow(/two.crt: .* damaged$/);
  });
});

describe('reload', () => {
  const files = ['domains=own.example', 'tls.cert=own.crt', 'tls.key=own.key'];

  test('new connections get the new certificate, open ones keep theirs', async () => {
    const before = await put('own', 'own.example', 10);
    const { certificates } = await prepare(...files);
    const { port, sockets } = await serve(certificates);
    const old = await dial(port);
    expect(old.getPeerCertificate().fingerprint256).toBe(before);
    const oldDer = certificates.certificateFor();
    const after = await put('own', 'own.example', 80);
    expect(await certificates.reload(configure(...files))).toEqual([]);
    expect(await seeCertificate(port)).toBe(after);
    expect(await seeCertificate(port, 'own.example')).toBe(after);
    old.write('still there');
    expect(String((await once(old, 'data'))[0])).toBe('still there');
    const [first, second] = sockets;
    expect(first && readServerEndPoint(first)).toEqual(hashServerEndPoint(oldDer));
    expect(second && readServerEndPoint(second)).toEqual(hashServerEndPoint(certificates.certificateFor()));
  });

  test('a bad file changes nothing', async () => {
    const fingerprint = await put('own', 'own.example', 10);
    const { certificates } = await prepare(...files);
    writeFileSync(join(dataDir, 'own.crt'), 'nonsense');
    await expect(certificates.reload(configure(...files))).rejects.toThrow(/own.crt: is not PEM/);
    const { port } = await serve(certificates);
    expect(await seeCertificate(port)).toBe(fingerprint);
  });
});

describe('inspection', () => {
  const files = ['domains=own.example', 'tls.cert=own.crt', 'tls.key=own.key'];

  test('a good certificate is good', async () => {
    await put('own', 'own.example');
    expect(inspect(...files)).toEqual([{ status: 'ok', message: expect.stringMatching(/own.crt: good until 20/) }]);
  });

  test('the end is told two weeks before, expiry is a failure, an open key a warning', async () => {
    await put('own', 'own.example', 13);
    expect(inspect(...files)).toMatchObject([
      { status: 'warn', message: expect.stringMatching(/expires in 1[23] days/) },
    ]);
    await put('own', 'own.example', -1);
    expect(inspect(...files)).toMatchObject([{ status: 'fail', message: expect.stringMatching(/expired on/) }]);
    await put('own', 'own.example');
    rmSync(join(dataDir, 'own.key'));
    writeFileSync(join(dataDir, 'own.key'), (await issue('own.example')).key, { mode: 0o644 });
    expect(inspect(...files)).toMatchObject([
      { status: 'warn', message: expect.stringMatching(/every user may read/) },
    ]);
  });

  test('the self-signed one is told of, and nothing is made', async () => {
    expect(inspect()).toMatchObject([
      { status: 'ok', message: expect.stringMatching(/will be made at the next start/) },
    ]);
    await prepare();
    expect(inspect()).toMatchObject([
      { status: 'ok', message: expect.stringMatching(/^self-signed for localhost, until/) },
    ]);
    expect(inspect('domains=b.example')).toMatchObject([
      { message: expect.stringMatching(/made anew.*not for b.example/) },
    ]);
    writeFileSync(join(dataDir, 'tls', 'self-signed.crt'), 'x');
    expect(inspect()).toMatchObject([{ status: 'warn', message: expect.stringMatching(/is not PEM/) }]);
  });
});
