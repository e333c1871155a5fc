import { client, xml } from '@xmpp/client';
import { TuttiError } from '../errors.ts';

/** Where and as whom to log in. */
export interface LoginSettings {
  /** `ws://` or `wss://`, `xmpp://`, or a domain whose records tell where (Node only). */
  readonly service: string;
  readonly domain: string;
  readonly username: string;
  readonly password: string;
  readonly resource: string | undefined;
  /** Names this installation to the server (XEP-0388 §2.3): FAST tokens are bound to it. */
  readonly deviceId: string;
}

/** The client of @xmpp/client. */
export type Xmpp = ReturnType<typeof client>;

/** A token with which the next login is one step: XEP-0484. */
type Token = Awaited<ReturnType<Xmpp['fast']['fetchToken']>>;

/** The latest token. */
export class TokenHolder {
  token: Token;
}

/** What @xmpp/client knows of a stream that may be resumed (XEP-0198 §5); its declarations leave out some of it. */
interface Resumable {
  id: string;
  inbound: number;
  outbound: number;
  outbound_q: unknown[];
  max: number | null;
  on(event: 'resumed', listener: () => void): void;
}

/** A client that logs in with a password, and with a token once it has one. */
export function createXmpp(settings: LoginSettings, holder: TokenHolder): Xmpp {
  const { service, domain, username, password, resource, deviceId } = settings;
  const xmpp = client({
    service,
    domain,
    ...(resource !== undefined && { resource }),
    credentials: async (authenticate, mechanisms, fast, entity) => {
      const token = await fast?.fetch();
      // A password is never sent in the clear.
      const mechanism = entity.isSecure() ? mechanisms[0] : mechanisms.find((name) => name !== 'PLAIN');
      if (mechanism === undefined) throw new TuttiError('refused', `no way to log in among ${mechanisms.join(', ')}`);
      await authenticate(
        { username, password, ...(token !== undefined && { token }) },
        mechanism,
        xml('user-agent', { id: deviceId }),
      );
    },
  });
  xmpp.fast.fetchToken = () => Promise.resolve(holder.token);
  xmpp.fast.saveToken = (token) => {
    holder.token = token;
    return Promise.resolve();
  };
  xmpp.fast.deleteToken = () => {
    holder.token = undefined;
    return Promise.resolve();
  };
  // Its own way of coming back waits for a fixed second.
  xmpp.reconnect.stop();
  return xmpp;
}

/** Calls a listener when the session goes on: XEP-0198 §5. */
export function onResumed(xmpp: Xmpp, listener: () => void): void {
  resumableOf(xmpp).on('resumed', listener);
}

/** Lets one client go on where another was interrupted. */
export function takeOverSession(from: Xmpp, to: Xmpp): void {
  const { id, inbound, outbound, outbound_q, max } = resumableOf(from);
  Object.assign(resumableOf(to), { id, inbound, outbound, outbound_q, max });
  to.jid = from.jid;
}

function resumableOf(xmpp: Xmpp): Resumable {
  return xmpp.streamManagement as unknown as Resumable;
}
