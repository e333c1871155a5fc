import { JID, SaslError } from '@tutti/xmpp';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes base64 strictly (RFC 4648 §4, no white space); throws SaslError('incorrect-encoding'): RFC 6120 §6.5.5. */
export function decodeBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new SaslError('incorrect-encoding');
  return bytes;
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Decodes UTF-8; throws SaslError('malformed-request'). */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new SaslError('malformed-request', 'Not UTF-8');
  }
}

/**
 * The account that an authentication identity names: RFC 6120 §6.3.8 wants the localpart, clients also send the bare JID.
 * Undefined when it cannot name an account of the domain; that is then answered like a wrong password.
 */
export function findAccount(name: string, domain: string): JID | undefined {
  const jid = JID.tryParse(name.includes('@') ? name : `${name}@${domain}`);
  return jid !== undefined && jid.isBare && jid.local !== '' && jid.domain === domain ? jid : undefined;
}

/** RFC 6120 §6.5.6: an authorization identity, when given, must be the account itself. Throws SaslError('invalid-authzid'). */
export function checkAuthzid(authzid: string, account: JID | undefined): void {
  if (authzid === '') return;
  const jid = JID.tryParse(authzid);
  if (jid === undefined || account === undefined || !jid.equals(account)) throw new SaslError('invalid-authzid');
}
