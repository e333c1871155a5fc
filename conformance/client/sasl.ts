import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** One side of a SASL exchange: the first message, then an answer to each challenge, then a look at the server's last word. */
export interface Mechanism {
  readonly name: string;
  first(): Buffer;
  respond(challenge: Buffer): Promise<Buffer>;
  /** Throws when the server did not prove that it knows the password. `data` is empty where a mechanism has no proof. */
  verify(data: Buffer): void;
}

/** The mechanisms of this client, the strongest first. */
export const MECHANISMS = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN'] as const;

export function createMechanism(name: string, username: string, password: string): Mechanism {
  if (name === 'PLAIN') return plain(username, password);
  if (name === 'SCRAM-SHA-1') return scram(name, 'sha1', 20, username, password);
  if (name === 'SCRAM-SHA-256') return scram(name, 'sha256', 32, username, password);
  throw new Error(`no such mechanism here: ${name}`);
}

/** RFC 4616. */
function plain(username: string, password: string): Mechanism {
  return {
    name: 'PLAIN',
    first: () => Buffer.from(`\0${username}\0${password}`),
    respond: () => Promise.reject(new Error('PLAIN has no challenge')),
    verify: () => {},
  };
}

const derive = promisify(pbkdf2);

/** Salted passwords that were derived before: the same few accounts log in again and again. */
const salted = new Map<string, Promise<Buffer>>();

/** RFC 5802, RFC 7677; without channel binding. */
function scram(name: string, hash: string, bytes: number, username: string, password: string): Mechanism {
  const nonce = randomBytes(18).toString('base64');
  const bare = `n=${username.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`;
  let proof = Buffer.alloc(0);
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
  return {
    name,
    first: () => Buffer.from(`n,,${bare}`),
    async respond(challenge) {
      const text = challenge.toString();
      const fields = parseFields(text);
      const [combined = '', salt = '', count = '0'] = [fields.get('r'), fields.get('s'), fields.get('i')];
      if (!combined.startsWith(nonce)) throw new Error('the server changed the nonce');
      const key = `${hash} ${salt} ${count} ${password}`;
      let saltedPassword = salted.get(key);
      if (saltedPassword === undefined) {
        saltedPassword = derive(password.normalize('NFKC'), Buffer.from(salt, 'base64'), Number(count), bytes, hash);
        salted.set(key, saltedPassword);
      }
      const secret = await saltedPassword;
      const clientKey = hmac(secret, 'Client Key');
      const last = `c=biws,r=${combined}`;
      const signed = `${bare},${text},${last}`;
      const signature = hmac(createHash(hash).update(clientKey).digest(), signed);
      proof = hmac(hmac(secret, 'Server Key'), signed);
      const answer = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0));
      return Buffer.from(`${last},p=${Buffer.from(answer).toString('base64')}`);
    },
    verify(data) {
      const given = Buffer.from(parseFields(data.toString()).get('v') ?? '', 'base64');
      if (given.length !== proof.length || !timingSafeEqual(given, proof))
        throw new Error('the server did not prove itself');
    },
  };
}

function parseFields(text: string): Map<string, string> {
  return new Map(text.split(',').map((field) => [field.slice(0, 1), field.slice(2)]));
}
