/** A little SCRAM client: RFC 5802, the client's side, for tests. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

const HASHES = { 'SHA-1': ['sha1', 20], 'SHA-256': ['sha256', 32], 'SHA-512': ['sha512', 64] } as const;

export interface ScramClientOptions {
  readonly hash: keyof typeof HASHES;
  readonly name: string;
  readonly password: string;
  /** With its commas, such as 'n,,' or 'p=tls-exporter,,'. */
  readonly gs2Header?: string;
  readonly bindingData?: Uint8Array;
  readonly nonce?: string;
}

export class ScramClient {
  readonly #options: ScramClientOptions;
  readonly #gs2: string;
  readonly #nonce: string;
  #serverKey = Buffer.alloc(0);
  #authMessage = '';

  constructor(options: ScramClientOptions) {
    this.#options = options;
    this.#gs2 = options.gs2Header ?? 'n,,';
    this.#nonce = options.nonce ?? 'fyko+d2lbbFgONRv9qkxdawL';
  }

  get #bare(): string {
    return `n=${this.#options.name},r=${this.#nonce}`;
  }

  first(): string {
    return this.#gs2 + this.#bare;
  }

  /** The answer to the server's first message; `change` spoils it for tests. */
  final(serverFirst: string, change: { binding?: Uint8Array; nonce?: string; extension?: string } = {}): string {
    const { hash, password, bindingData = new Uint8Array(0) } = this.#options;
    const [name, bytes] = HASHES[hash];
    const fields = Object.fromEntries(serverFirst.split(',').map((part) => [part[0], part.slice(2)]));
    const salt = Buffer.from(fields['s'] ?? '', 'base64');
    const salted = pbkdf2Sync(password, salt, Number(fields['i']), bytes, name);
    const mac = (key: Uint8Array, text: string) => createHmac(name, key).update(text).digest();
    const clientKey = mac(salted, 'Client Key');
    const storedKey = createHash(name).update(clientKey).digest();
    this.#serverKey = mac(salted, 'Server Key');
    const binding = change.binding ?? Buffer.concat([Buffer.from(this.#gs2), bindingData]);
    const channel = Buffer.from(binding).toString('base64');
    const withoutProof = `c=${channel},r=${change.nonce ?? fields['r']}${change.extension ?? ''}`;
    this.#authMessage = `${this.#bare},${serverFirst},${withoutProof}`;
    const signature = mac(storedKey, this.#authMessage);
    const proof = clientKey.map((byte, i) => byte ^ (signature[i] ?? 0));
    return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
  }

  /** What the server must say at the end. */
  expectedVerifier(): string {
    const [name] = HASHES[this.#options.hash];
    return `v=${createHmac(name, this.#serverKey).update(this.#authMessage).digest('base64')}`;
  }
}
