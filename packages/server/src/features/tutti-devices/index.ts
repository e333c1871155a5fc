import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import { type AccountView, defineFeature, type FeatureApi, type IqRequest, type SessionView } from '../../feature.ts';
import { DeviceRegistry } from './registry.ts';
import { deviceMigrations } from './schema.ts';

/** The longest name of a device, in characters. */
const MAX_NAME = 100;
/** Stands before the resource of a session whose client said nothing of its installation. */
const RESOURCE = '/';

/** The own devices: which there are, how far they are, and how to be rid of one. A protocol of ours: docs/devices.md. */
export const ownDevices = defineFeature({
  spec: 'Tutti devices',
  name: 'Own devices',
  note: 'a protocol of Tutti’s own: docs/devices.md',
  disco: { domain: [NS.tuttiDevices], account: [NS.tuttiDevices] },
  migrations: deviceMigrations,
  setup(api) {
    const registry = new DeviceRegistry(api);
    /** Changes of one account's list come one after the other. */
    const changes = new Map<string, Promise<void>>();
    const change = (account: AccountView, step: () => Promise<void>): Promise<void> => {
      const name = account.jid.toString();
      const done = (changes.get(name) ?? Promise.resolve()).then(step);
      const settled = done
        .catch(() => undefined)
        .finally(() => {
          if (changes.get(name) === settled) changes.delete(name);
        });
      changes.set(name, settled);
      return done;
    };
    const warn = (error: unknown): void => {
      // Such as that of an account which is being removed.
      api.logger.warn({ error: String(error) }, 'a device could not be remembered');
    };
    api.on('sessionBound', ({ agent, account }) => {
      if (agent !== undefined) change(account, () => registry.see(account, agent)).catch(warn);
    });
    api.on('sessionEnded', ({ agent, account }) => {
      if (agent !== undefined) registry.leave(account, agent).catch(warn);
    });

    const route = { ns: NS.tuttiDevices, target: ['own'] } as const;
    api.iq({ ...route, type: 'get', name: 'devices' }, async ({ account }) => {
      const own = require(account);
      await change(own, () => Promise.resolve());
      return writeDevices(own, await registry.list(own));
    });
    api.iq({ ...route, type: 'set', name: 'name' }, async ({ account, session, payload }) => {
      const own = require(account);
      const client = session?.agent;
      const name = payload.text().trim();
      if (client === undefined || Array.from(name).length > MAX_NAME) throw new StanzaError('bad-request');
      await change(own, () => registry.name(own, client, name));
      return undefined;
    });
    api.iq({ ...route, type: 'set', name: 'revoke' }, async (request) => {
      await revoke(api, request, (account, client) => change(account, () => registry.forget(account, client)));
      return undefined;
    });
  },
});

function require(account: AccountView | undefined): AccountView {
  if (account === undefined) throw new StanzaError('item-not-found');
  return account;
}

/** Ends the sessions of the named devices, but for the one that asks: it leaves by itself. */
async function revoke(
  api: FeatureApi,
  { payload, account, session }: IqRequest,
  forget: (account: AccountView, client: string) => Promise<void>,
): Promise<void> {
  const own = require(account);
  const ids = payload.childrenNamed('device').map(({ attrs }) => attrs['id'] ?? '');
  if (ids.length === 0 || ids.includes('')) throw new StanzaError('bad-request');
  for (const id of ids) {
    // The tokens first: what comes back meanwhile needs the password.
    if (!id.startsWith(RESOURCE)) await forget(own, id);
    for (const one of own.sessions.filter((other) => nameOf(other) === id && other !== session)) {
      api.end(one, 'not-authorized', 'This device was logged out by its user.');
    }
  }
}

interface Known {
  readonly client: string;
  readonly name: string;
  readonly seenAt: number;
}

function writeDevices(account: AccountView, seen: readonly Known[]): Element {
  const known = seen.map(({ client, name, seenAt }) => {
    return writeDevice(
      client,
      name,
      seenAt,
      account.sessions.find(({ agent }) => agent === client),
    );
  });
  const others = account.sessions
    .filter(({ agent }) => agent === undefined || !seen.some(({ client }) => client === agent))
    .map((session) =>
      writeDevice(nameOf(session), session.agent === undefined ? session.resource : '', session.lastActive, session),
    );
  return xml('devices', { xmlns: NS.tuttiDevices }, ...known, ...others);
}

function writeDevice(id: string, name: string, seenAt: number, session: SessionView | undefined): Element {
  const isOnline = session?.connected === true;
  const last = session === undefined ? seenAt : Math.max(seenAt, session.lastActive);
  return xml('device', {
    id,
    name: name === '' ? undefined : name,
    online: isOnline ? 'true' : 'false',
    seen: new Date(last).toISOString(),
    behind: session === undefined ? undefined : countMissing(session),
  });
}

function nameOf({ agent, resource }: SessionView): string {
  return agent ?? `${RESOURCE}${resource}`;
}

/** How many rows of its account's log an IM-NG session lacks; undefined for others, whose place nobody knows. */
function countMissing(session: SessionView): number | undefined {
  if (session.barrier === undefined) return undefined;
  const { head } = session.account;
  // What it has, it has up to a row.
  let [has, lacks] = [session.barrier, head + 1];
  while (has + 1 < lacks) {
    const middle = Math.floor((has + lacks) / 2);
    if (session.hasRow(middle)) has = middle;
    else lacks = middle;
  }
  return head - Math.max(has, session.barrier);
}
