/** The hashes that SCRAM is used with, the one to prefer first. */
const HASHES = ['SHA-256', 'SHA-512', 'SHA-1'] as const;

type HashName = (typeof HASHES)[number];

/** What @xmpp/client hands to a mechanism; both as bytes, see `toBinary`. */
interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** A server that asks for more would keep a phone busy for minutes. */
const MOST_ITERATIONS = 10_000_000;

/**
 * SCRAM without channel binding (RFC 5802, RFC 7677) by the Web Crypto API, so that browsers have it too: the server proves that it knows the
 * password, and never sees it. The interface is that of @xmpp/client: texts are strings of bytes.
 */
export class Scram {
  readonly name: string;
  readonly clientFirst = true;
  readonly #hash: HashName;
  readonly #nonce: string;
  #bare = '';
  #challenge: string | undefined;
  #expected: string | undefined;

  constructor(hash: HashName, nonce: string = makeNonce()) {
    this.#hash = hash;
    this.#nonce = nonce;
    this.name = `SCRAM-${hash}`;
  }

  challenge(text: string): void {
    this.#challenge = fromBinary(text);
  }

  /** The first message, and after a challenge the second. Rejects when the challenge is none. */
  async response(credentials: Credentials): Promise<string> {
    const username = prepare(fromBinary(credentials.username));
    if (this.#challenge === undefined) {
      // RFC 5802 §5.1
      this.#bare = `n=${username.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${this.#nonce}`;
      return toBinary(`n,,${this.#bare}`);
    }
    const { nonce, salt, iterations } = readChallenge(this.#challenge, this.#nonce);
    const last = `c=biws,r=${nonce}`;
    const message = `${this.#bare},${this.#challenge},${last}`;
    const salted = await this.#stretch(prepare(fromBinary(credentials.password)), salt, iterations);
    const clientKey = await this.#sign(salted, 'Client Key');
    const storedKey = new Uint8Array(await crypto.subtle.digest(this.#hash, clientKey));
    const signature = await this.#sign(storedKey, message);
    const proof = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0));
    this.#expected = encode(await this.#sign(await this.#sign(salted, 'Server Key'), message));
    return toBinary(`${last},p=${encode(proof)}`);
  }

  /** RFC 5802 §7: the server proves that it knows the password. Throws when it does not. */
  final(text: string): void {
    const proved = /(?:^|,)v=([^,]+)/.exec(fromBinary(text))?.[1];
    if (proved === undefined || proved !== this.#expected) throw new Error('the server does not know the password');
  }

  async #stretch(
    password: string,
    salt: Uint8Array<ArrayBuffer>,
    iterations: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const key = await crypto.subtle.importKey('raw', toBytes(password), 'PBKDF2', false, ['deriveBits']);
    const bits = Number(this.#hash.slice('SHA-'.length)) === 1 ? 160 : Number(this.#hash.slice('SHA-'.length));
    return new Uint8Array(
      await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: this.#hash, salt, iterations }, key, bits),
    );
  }

  async #sign(secret: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
    const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: this.#hash }, false, ['sign']);
    return new Uint8Array(await crypto.subtle.sign('HMAC', key, toBytes(text)));
  }
}

/** The mechanisms, for a factory of @xmpp/client, by name. */
export const scramMechanisms: readonly (readonly [name: string, mechanism: new () => Scram])[] = HASHES.map((hash) => [
  `SCRAM-${hash}`,
  class extends Scram {
    constructor() {
      super(hash);
    }
  },
]);

/** The one to log in with out of those that both sides have; PLAIN where a password may go in the clear. Undefined for none. */
export function chooseMechanism(offered: readonly string[], isSafe: boolean): string | undefined {
  const wanted = [...HASHES.map((hash) => `SCRAM-${hash}`), ...(isSafe ? ['PLAIN'] : [])];
  return wanted.find((name) => offered.includes(name));
}

/** A text as a string whose characters are its bytes in UTF-8: what @xmpp/client encodes in base64 as it is. */
export function toBinary(text: string): string {
  return Array.from(toBytes(text), (byte) => String.fromCharCode(byte)).join('');
}

function fromBinary(bytes: string): string {
  return new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
}

function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function encode(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

function makeNonce(): string {
  return encode(crypto.getRandomValues(new Uint8Array(18)));
}

/** SASLprep (RFC 4013 §2.1, §2.2): what people type on different keyboards becomes the same. What it prohibits the server refuses. */
function prepare(text: string): string {
  return text
    .replaceAll(/[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/g, ' ')
    .replaceAll(/\u00AD|\u034F|\u1806|[\u180B-\u180D]|\u200C|\u200D|\u2060|[\uFE00-\uFE0F]|\uFEFF/gu, '')
    .normalize('NFKC');
}

function readChallenge(text: string, own: string) {
  const [, nonce = '', salt = '', count = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)(?:,|$)/.exec(text) ?? [];
  const iterations = Number(count);
  // RFC 5802 §5.1: the server adds to the nonce.
  if (!nonce.startsWith(own) || nonce.length === own.length) throw new Error('the challenge is not for this login');
  if (iterations < 1 || iterations > MOST_ITERATIONS) throw new Error(`${iterations} iterations are out of bounds`);
  return { nonce, salt: Uint8Array.from(atob(salt), (character) => character.charCodeAt(0)), iterations };
}
