/** What an administrator can do with accounts; the same on a running server and directly on its database. */

/** An account as it is listed. */
export interface AccountInfo {
  /** The bare JID in normal form. */
  readonly jid: string;
  /** When it was created, in milliseconds since 1970-01-01 UTC, where known. */
  readonly createdAt?: number;
  /** It exists, gets its messages, and nobody can log in to it. */
  readonly disabled?: true;
}

/** Why an account could not be added, changed or removed. */
export const ACCOUNT_ERRORS = [
  'malformed-jid',
  'domain-not-served',
  'account-exists',
  'no-such-account',
  'password-empty',
  'password-too-long',
  'password-not-preparable',
] as const;

export type AccountErrorCode = (typeof ACCOUNT_ERRORS)[number];

/** The request was understood and cannot be done; the message says why in one line, without the password. */
export class AccountError extends Error {
  override readonly name = 'AccountError';
  readonly code: AccountErrorCode;

  constructor(code: AccountErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** All methods take a bare JID in any spelling, and reject with AccountError. */
export interface AccountAdmin {
  /** Creates an account. Errors: malformed-jid, domain-not-served, account-exists, password-*. */
  add(jid: string, password: string): Promise<AccountInfo>;
  /** Changes the password; open sessions stay. Errors: malformed-jid, no-such-account, password-*. */
  setPassword(jid: string, password: string): Promise<AccountInfo>;
  /** Lets nobody log in to the account any more, ending its sessions, or lets its owner in again. Errors: malformed-jid, no-such-account. */
  setEnabled(jid: string, enabled: boolean): Promise<AccountInfo>;
  /** Removes the account with all its data and ends its sessions. Errors: malformed-jid, no-such-account. */
  remove(jid: string): Promise<AccountInfo>;
  /** All accounts of a domain, or of all domains, sorted by JID. Error: domain-not-served. */
  list(domain?: string): Promise<readonly AccountInfo[]>;
}
