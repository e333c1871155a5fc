import { saslprep } from '@mongodb-js/saslprep';

/** A password that cannot be used: empty, too long, or with characters that RFC 4013 prohibits. */
export class PasswordError extends Error {
  override readonly name = 'PasswordError';
}

/** The longest password in UTF-16 units; stretching a longer one would only cost time. */
export const MAX_PASSWORD_LENGTH = 1024;

/**
 * Prepares a password as every SCRAM client does (RFC 5802 §2.2: SASLprep, RFC 4013). Characters that Unicode 3.2 did not
 * know are let through as they are: people like emoji, and the client's preparation is the same. Throws PasswordError.
 */
export function preparePassword(password: string): string {
  if (password.length > MAX_PASSWORD_LENGTH) throw new PasswordError('The password is too long');
  const prepared = applySaslprep(password);
  if (prepared === '') throw new PasswordError('The password is empty');
  return prepared;
}

function applySaslprep(password: string): string {
  try {
    return saslprep(password, { allowUnassigned: true });
  } catch (cause) {
    throw new PasswordError('The password has characters that cannot be used', { cause });
  }
}
