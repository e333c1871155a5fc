import { client, xml } from '@xmpp/client';
import { TuttiError } from '../errors.ts';
import { chooseMechanism, scramMechanisms, toBinary } from './scram.ts';
import type { TokenKeeper } from './token.ts';

/** Where and as whom to log in. */
export interface LoginSettings {
  /** `ws://` or `wss://`, `xmpp://`, or a domain whose records tell where (Node only). */
  readonly service: string;
  readonly domain: string;
  readonly username: string;
  /** Undefined: the token alone. */
  readonly password: string | undefined;
  readonly token: TokenKeeper;
  readonly resource: string | undefined;
  /** Names this installation to the server (XEP-0388 §2.3): FAST tokens are bound to it. */
  readonly deviceId: string;
}

/** The client of @xmpp/client. */
export type Xmpp = ReturnType<typeof client>;

/** What @xmpp/client knows of a stream that may be resumed (XEP-0198 §5); its declarations leave out some of it. */
interface Resumable {
  id: string;
  inbound: number;
  outbound: number;
  outbound_q: unknown[];
  max: number | null;
  on(event: 'resumed', listener: () => void): void;
}

/** Where @xmpp/client keeps its mechanisms; its declarations leave it out. */
interface MechanismFactory {
  use(name: string, mechanism: new () => object): void;
}

/** A client that logs in with a password, and with a token once it has one. */
export function createXmpp(settings: LoginSettings): Xmpp {
  const { service, domain, username, password, resource, deviceId, token: keeper } = settings;
  const xmpp = client({
    service,
    domain,
    ...(resource !== undefined && { resource }),
    credentials: async (authenticate, mechanisms, fast, entity) => {
      const token = await fast?.fetch();
      if (password === undefined && token === undefined) throw new TuttiError('refused', 'no password and no token');
      // A password is never sent in the clear.
      const mechanism = chooseMechanism(mechanisms, entity.isSecure() || isThisMachine(service));
      if (mechanism === undefined) throw new TuttiError('refused', `no way to log in among ${mechanisms.join(', ')}`);
      await authenticate(
        { username: toBinary(username), password: toBinary(password ?? ''), ...(token !== undefined && { token }) },
        mechanism,
        xml('user-agent', { id: deviceId }),
      );
    },
  });
  const { saslFactory } = xmpp as unknown as { readonly saslFactory: MechanismFactory };
  for (const [name, mechanism] of scramMechanisms) saslFactory.use(name, mechanism);
  xmpp.fast.fetchToken = () => keeper.load();
  xmpp.fast.saveToken = (token) => keeper.save(token);
  xmpp.fast.deleteToken = () => keeper.save(undefined);
  // Its own way of coming back waits for a fixed second.
  xmpp.reconnect.stop();
  return xmpp;
}

/** Whether an address is that of this machine by its name: RFC 6761 §6.3. @xmpp/client knows `localhost` itself only. */
export function isThisMachine(service: string): boolean {
  return URL.parse(service)?.hostname.endsWith('.localhost') ?? false;
}

/** Calls a listener when the session goes on: XEP-0198 §5. */
export function onResumed(xmpp: Xmpp, listener: () => void): void {
  resumableOf(xmpp).on('resumed', listener);
}

/** Lets one client go on where another was interrupted. */
export function takeOverSession(from: Xmpp, to: Xmpp): void {
  const { id, inbound, outbound, outbound_q, max } = resumableOf(from);
  Object.assign(resumableOf(to), { id, inbound, outbound, outbound_q: [...outbound_q], max });
  to.jid = from.jid;
}

function resumableOf(xmpp: Xmpp): Resumable {
  return xmpp.streamManagement as unknown as Resumable;
}
