import { StanzaError } from '@tutti/xmpp';
import { AccountError, type AccountErrorCode } from '../../feature.ts';

const CONDITIONS = {
  'malformed-jid': 'jid-malformed',
  'domain-not-served': 'service-unavailable',
  'account-exists': 'conflict',
  'no-such-account': 'registration-required',
  'password-empty': 'not-acceptable',
  'password-too-long': 'not-acceptable',
  'password-not-preparable': 'not-acceptable',
} as const satisfies Record<AccountErrorCode, unknown>;

/** What a client is told when an account can't be made or changed; anything but an AccountError stays what it is. */
export function toStanzaError(error: unknown): unknown {
  return error instanceof AccountError ? new StanzaError(CONDITIONS[error.code], { text: error.message }) : error;
}
