import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key, as files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateWish {
  readonly dns?: readonly string[];
  /** id-on-xmppAddr. */
  readonly xmpp?: readonly string[];
  /** id-on-dnsSRV. */
  readonly srv?: readonly string[];
  /** Days that it is good; a negative number: it has expired. */
  readonly days?: number;
  /** extendedKeyUsage. */
  readonly usage?: string;
}

/** A certificate authority of a test, by openssl. */
export class Authority implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tutti-authority-'));
  /** The certificate of the authority itself, PEM. */
  readonly file = join(this.folder, 'ca.crt');
  readonly #key = join(this.folder, 'ca.key');
  #issued = 0;

  constructor(name = 'Authority of a test') {
    const extensions = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'];
    this.#run([
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      this.#key,
      '-out',
      this.file,
      '-subj',
      `/CN=${name}`,
      '-days',
      '30',
      ...extensions,
    ]);
  }

  /** Issues a certificate. */
  issue({ dns = [], xmpp = [], srv = [], days = 30, usage = 'serverAuth,clientAuth' }: CertificateWish): Certificate {
    this.#issued += 1;
    const name = join(this.folder, `issued-${this.#issued}`);
    const [cert, key, request, extensions] = [`${name}.crt`, `${name}.key`, `${name}.csr`, `${name}.ext`];
    const names = [
      ...dns.map((one) => `DNS:${one}`),
      ...xmpp.map((one) => `otherName:1.3.6.1.5.5.7.8.5;UTF8:${one}`),
      ...srv.map((one) => `otherName:1.3.6.1.5.5.7.8.7;IA5STRING:${one}`),
    ];
    writeFileSync(
      extensions,
      `subjectAltName=${names.join(',')}\nextendedKeyUsage=${usage}\nbasicConstraints=CA:FALSE\n`,
    );
    this.#run(['req', '-new', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', '/CN=server']);
    const signing = [
      '-CA',
      this.file,
      '-CAkey',
      this.#key,
      '-CAcreateserial',
      '-days',
      String(days),
      '-extfile',
      extensions,
    ];
    this.#run(['x509', '-req', '-in', request, '-out', cert, ...signing]);
    return { cert, key };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #run(args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const;
