import { SaslError } from '@tutti/xmpp';
import { CREDENTIAL_NAMES, type Credentials, deriveKeys, type ScramKeys } from './credentials.ts';
import { equalSecrets, type HashName } from './crypto.ts';
import type { Mechanism, MechanismContext, Step } from './mechanism.ts';
import { MAX_PASSWORD_LENGTH, PasswordError } from './password.ts';
import { checkAuthzid, decodeUtf8, findAccount } from './text.ts';
import { chooseKeys, nameForUnknown } from './unknown.ts';

/** authzid, authcid and password: at most 1023 bytes each of the first two. */
const MESSAGE = /^([^\0]{0,1023})\0([^\0]{1,1023})\0([^\0]+)$/;

/** PLAIN: RFC 4616. Offered on encrypted or loopback connections only. */
export class Plain implements Mechanism {
  readonly #context: MechanismContext;

  constructor(context: MechanismContext) {
    this.#context = context;
  }

  async step(message: Uint8Array): Promise<Step> {
    const { domain, iterations, secret } = this.#context;
    const [, authzid = '', name, password] = MESSAGE.exec(decodeUtf8(message)) ?? [];
    if (name === undefined || password === undefined || password.length > MAX_PASSWORD_LENGTH) {
      throw new SaslError('malformed-request');
    }
    const account = findAccount(name, domain);
    checkAuthzid(authzid, account);
    const credentials = await this.#context.findCredentials(account);
    const hash = chooseHash(credentials);
    const { keys, real } = chooseKeys(credentials, hash, nameForUnknown(account, name), iterations, secret);
    const right = await checkPassword(password, hash, keys);
    if (!right || !real || account === undefined) throw new SaslError('not-authorized');
    return { kind: 'success', account };
  }
}

/** Any hash that there are keys for; SHA-256 when there are none, as for most accounts. */
function chooseHash(credentials: Credentials | undefined): HashName {
  const preferred = ['SHA-256', 'SHA-512', 'SHA-1'] as const;
  return preferred.find((hash) => credentials?.[CREDENTIAL_NAMES[hash]] !== undefined) ?? 'SHA-256';
}

async function checkPassword(password: string, hash: HashName, keys: ScramKeys): Promise<boolean> {
  try {
    const derived = await deriveKeys(password, hash, keys.iterations, keys.salt);
    return equalSecrets(derived.storedKey, keys.storedKey);
  } catch (error) {
    // A password that cannot have been set, whoever it is for
    if (error instanceof PasswordError) return false;
    throw error;
  }
}
