import type { JID } from '@tutti/xmpp';
import { CREDENTIAL_NAMES, type Credentials, SALT_BYTES, type ScramKeys } from './credentials.ts';
import { HASH_BYTES, type HashName, hmac } from './crypto.ts';

/**
 * The keys to check a password against. For an account that does not exist, or has none for this hash, they are made up:
 * always the same for one name, so that nobody can tell it from an account with a password (RFC 5802 §5.1 asks for no
 * difference; RFC 6120 §13.11). `real` tells whether a proof by them may count.
 */
export function chooseKeys(
  credentials: Credentials | undefined,
  hash: HashName,
  name: string,
  iterations: number,
  secret: Uint8Array,
): { readonly keys: ScramKeys; readonly real: boolean } {
  const made = makeUpKeys(hash, name, iterations, secret);
  const keys = credentials?.[CREDENTIAL_NAMES[hash]];
  return keys === undefined ? { keys: made, real: false } : { keys, real: true };
}

function makeUpKeys(hash: HashName, name: string, iterations: number, secret: Uint8Array): ScramKeys {
  const nothing = new Uint8Array(HASH_BYTES[hash]); // nobody sees it, and what is proven by it does not count
  const salt = hmac('SHA-256', secret, `salt\0${hash}\0${name}`).subarray(0, SALT_BYTES);
  return { salt, iterations, storedKey: nothing, serverKey: nothing };
}

/** The name that stands for an account when something is made up for it: normalized where that is possible. */
export function nameForUnknown(account: JID | undefined, typed: string): string {
  return account === undefined ? `\0${typed}` : account.toString();
}
