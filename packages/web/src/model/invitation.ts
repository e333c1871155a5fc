/** What an invitation link says. */
export interface Invitation {
  readonly token: string;
  /** Bare JID of who invites, or the one that was set aside for the newcomer. */
  readonly address: string | undefined;
  /** Where a new account may be made; undefined where none may. */
  readonly registerAt: string | undefined;
  /** The name that was set aside for the newcomer: XEP-0445 §2.1. */
  readonly username: string | undefined;
  /** Who invites; undefined where it is the server alone. */
  readonly from: string | undefined;
  readonly fromName: string | undefined;
}

/**
 * Reads the fragment of an invitation link. It is an XMPP URI, with or without its scheme (XEP-0379 §3.3): `alice@example.org?roster;preauth=…;ibr=y` or
 * `example.org?register;preauth=…`. Or a token alone (XEP-0401 §5.1), for the domain of the page. Undefined for any other fragment.
 */
export function readInvitation(fragment: string, domain: string): Invitation | undefined {
  const text = fragment.replace(/^#/, '').replace(/^xmpp:/i, '');
  if (/^[\w-]{8,}$/.test(text)) {
    return {
      token: text,
      address: undefined,
      registerAt: domain,
      username: undefined,
      from: undefined,
      fromName: undefined,
    };
  }
  const [jid = '', query = ''] = text.split('?', 2);
  const [action = '', ...pairs] = query.split(';');
  const parameters = new Map(pairs.map((pair) => readPair(pair)));
  const token = parameters.get('preauth');
  if (token === undefined || token === '' || (action !== 'roster' && action !== 'register')) return undefined;
  const address = decode(jid).toLowerCase();
  const at = address.indexOf('@');
  const server = address.slice(at + 1);
  if (server === '') return undefined;
  const isContact = action === 'roster';
  return {
    token,
    address,
    registerAt: !isContact || parameters.get('ibr') === 'y' ? server : undefined,
    username: !isContact && at > 0 ? address.slice(0, at) : undefined,
    from: isContact ? address : undefined,
    fromName: parameters.get('name'),
  };
}

function readPair(pair: string): readonly [string, string] {
  const [name = '', value = ''] = pair.split('=', 2);
  return [name, decode(value.replaceAll('+', ' '))];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not encoded after all.
    return text;
  }
}
