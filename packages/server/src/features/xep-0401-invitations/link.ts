import { type Element, NS, writeForm } from '@tutti/xmpp';
import type { FeatureApi } from '../../feature.ts';
import type { Invitation } from './invitations.ts';

/** XEP-0401 §4.1, §4.4, XEP-0445 §2: the invitation as an XMPP URI. */
export function writeUri({ inviter, registers, domain, username, token }: Invitation): string {
  if (inviter !== undefined && username === undefined) {
    return `xmpp:${encode(inviter.toString())}?roster;preauth=${token}${registers ? ';ibr=y' : ''}`;
  }
  const address = username === undefined ? domain : `${username}@${domain}`;
  return `xmpp:${encode(address)}?register;preauth=${token}`;
}

/** Where the chat page is reached: as configured, or by those on this machine; '' where that is not known. */
export function locatePage(api: Pick<FeatureApi, 'config' | 'webUrl'>, domain: string): string {
  const { page, publicUrl } = api.config.http;
  if (!page) return '';
  return publicUrl === '' && domain === 'localhost' ? (api.webUrl(domain) ?? '') : publicUrl;
}

/** XEP-0379 §3.3: the page of the server's that opens it; undefined where it is not known where that can be reached. */
export function writeLandingUrl(publicUrl: string, invitation: Invitation): string | undefined {
  return publicUrl === ''
    ? undefined
    : `${publicUrl.replace(/\/$/, '')}/#${writeUri(invitation).slice('xmpp:'.length)}`;
}

/** XEP-0401 §4.1: what a command gives. */
export function writeInvitation(publicUrl: string, invitation: Invitation): Element {
  return writeForm(
    'result',
    `${NS.invite}#invitation`,
    [
      { var: 'uri', type: 'text-single', value: writeUri(invitation) },
      { var: 'landing-url', type: 'text-single', value: writeLandingUrl(publicUrl, invitation) },
      { var: 'expire', type: 'text-single', value: new Date(invitation.expiresAt).toISOString() },
    ].filter(({ value }) => value !== undefined) as Parameters<typeof writeForm>[2],
  );
}

/** RFC 5122 §2.2: what may not stand in an address of a URI as it is. */
function encode(address: string): string {
  return encodeURIComponent(address).replaceAll('%40', '@').replaceAll('%3A', ':');
}
