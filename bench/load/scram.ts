import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** What a client may keep of a password (RFC 5802 §5.1): with it a login costs the generator next to nothing. */
interface Keys {
  readonly client: Buffer;
  readonly stored: Buffer;
}

const keysBySalt = new Map<string, Keys>();

/** One SCRAM-SHA-1 exchange from the client's side (RFC 5802), without channel binding. */
export class Scram {
  readonly #bare: string;
  readonly #password: string;

  constructor(user: string, password: string) {
    this.#bare = `n=${user},r=${randomBytes(12).toString('base64')}`;
    this.#password = password;
  }

  /** The first message, in base64. */
  first(): string {
    return Buffer.from(`n,,${this.#bare}`).toString('base64');
  }

  /** The last message, in base64, for a challenge in base64. */
  last(challenge: string): string {
    const server = Buffer.from(challenge, 'base64').toString();
    const fields = new Map(server.split(',').map((field) => [field[0], field.slice(2)]));
    const keys = deriveKeys(this.#password, fields.get('s') ?? '', Number(fields.get('i')));
    const unsigned = `c=biws,r=${fields.get('r')}`;
    const signature = hmac(keys.stored, `${this.#bare},${server},${unsigned}`);
    const proof = keys.client.map((byte, index) => byte ^ (signature[index] as number));
    return Buffer.from(`${unsigned},p=${Buffer.from(proof).toString('base64')}`).toString('base64');
  }
}

function deriveKeys(password: string, salt: string, iterations: number): Keys {
  const known = keysBySalt.get(salt);
  if (known !== undefined) return known;
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), iterations, 20, 'sha1');
  const client = hmac(salted, 'Client Key');
  const keys = { client, stored: createHash('sha1').update(client).digest() };
  keysBySalt.set(salt, keys);
  return keys;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha1', key).update(text).digest();
}
