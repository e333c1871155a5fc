import type { JID } from '@tutti/xmpp';
import type { Random } from '../../environment.ts';
import { digest, type HashName, hmac, stretch } from './crypto.ts';
import { preparePassword } from './password.ts';

/** What is kept of a password for one hash (RFC 5802 §3): enough to check it, not enough to log in with. */
export interface ScramKeys {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** The password of an account, for the hashes that it was derived for. */
export interface Credentials {
  readonly sha1?: ScramKeys;
  readonly sha256?: ScramKeys;
  readonly sha512?: ScramKeys;
}

/** The credentials of an account, and which account of its name they are of; see `CredentialStore`. */
export interface OwnedCredentials extends Credentials {
  readonly incarnation: number;
}

export interface CredentialStore {
  /** A number that tells this account from others that had its name before or will have it; undefined when there is none. For comparison only. */
  incarnation(account: JID): Promise<number | undefined>;
  /** The credentials of an account (bare JID) for one hash, or for all; undefined when there are none. Should take the same time for both. */
  find(account: JID, hash?: HashName): Promise<OwnedCredentials | undefined>;
}

/**
 * A token of XEP-0484. Neither the token nor a hash of it is here: it is computed from `seed` and the server's secret
 * (see `sasl/fast.ts`), so that who reads the database cannot log in with what is found there.
 */
export interface FastToken {
  /** XEP-0484 §5.1: the client has used `current`; `new` has been handed out and not been used yet. */
  readonly slot: 'current' | 'new';
  /** Random; makes the token unique. */
  readonly seed: string;
  /** The only mechanism that it may be used with. */
  readonly mechanism: string;
  /** Milliseconds since 1970. */
  readonly issued: number;
  readonly expires: number;
  /** The highest `count` that was used with it. */
  readonly count: number;
}

export interface TokenStore {
  /** The tokens of one installation of a client (`client` is the SASL2 user agent's id): at most one in each slot. */
  find(account: JID, client: string): Promise<readonly FastToken[]>;
  /** Replaces them all; an empty list removes them. Does nothing where `incarnation` is given and the account is another one by now. */
  replace(account: JID, client: string, tokens: readonly FastToken[], incarnation?: number): Promise<void>;
}

export const CREDENTIAL_NAMES = { 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-512': 'sha512' } as const satisfies Record<
  HashName,
  keyof Credentials
>;

/** The bytes of a fresh salt. */
export const SALT_BYTES = 16;

/**
 * Derives what is kept of a password: RFC 5802 §3.
 * @param password as the user typed it; SASLprep is applied here
 * Rejects with PasswordError.
 */
export async function deriveKeys(
  password: string,
  hash: HashName,
  iterations: number,
  salt: Uint8Array,
): Promise<ScramKeys> {
  const salted = await stretch(hash, preparePassword(password), salt, iterations);
  const storedKey = digest(hash, hmac(hash, salted, 'Client Key'));
  return { salt, iterations, storedKey, serverKey: hmac(hash, salted, 'Server Key') };
}

/** The credentials for a new password, one fresh salt for each hash. Rejects with PasswordError. */
export async function createCredentials(
  password: string,
  iterations: number,
  random: Random,
): Promise<Required<Credentials>> {
  const derive = (hash: HashName) => deriveKeys(password, hash, iterations, random.bytes(SALT_BYTES));
  const [sha1, sha256, sha512] = await Promise.all([derive('SHA-1'), derive('SHA-256'), derive('SHA-512')]);
  return { sha1, sha256, sha512 };
}
