import { type Element, NS, xml } from '@tutti/xmpp';
import { Device } from './client/device.ts';
import type { Account } from './client/login.ts';
import type { Address, TransportKind } from './client/transport.ts';
import type { OwnTarget, Target } from './target.ts';
import { parseSessions, type SessionNames, type SessionSpec } from './world.ts';

/** A user of a test. */
export interface Person {
  readonly name: string;
  readonly account: Account;
  /** Bare JID. */
  readonly jid: string;
  readonly devices: readonly Device[];
  /** One more session, described as in a world. */
  join(session: string): Promise<Device>;
}

/** People by name, each with the sessions of the description by name. */
export type Cast<World extends Readonly<Record<string, string>>> = {
  readonly [Name in keyof World]: Person & Readonly<Record<SessionNames<World[Name]>, Device>>;
};

/** Where one test plays: fresh accounts, their sessions, and the end of them. */
export class Stage {
  readonly target: Target;
  readonly #transport: TransportKind;
  readonly #devices: Device[] = [];
  /** Those whose link is cut once the world is complete. */
  readonly #hibernating: Device[] = [];
  readonly #own: { readonly target: OwnTarget; readonly stage: Stage }[] = [];

  constructor(target: Target, transport: TransportKind) {
    this.target = target;
    this.#transport = transport;
  }

  get address(): Address {
    return this.target.address(this.#transport);
  }

  /** A server that this test has for itself, with these settings, and a stage on it. Both end with this stage. */
  async ownServer(settings: readonly string[] = []): Promise<{ target: OwnTarget; join: Stage['join'] }> {
    const { spawn } = this.target;
    if (spawn === undefined) throw new Error('this server cannot be started for one test');
    const target = await spawn(settings);
    const stage = new Stage(target, this.#transport);
    this.#own.push({ target, stage });
    return { target, join: (name, account, text) => stage.join(name, account, text) };
  }

  get domain(): string {
    return this.target.domain;
  }

  get devices(): readonly Device[] {
    return this.#devices;
  }

  /** Fresh accounts with these sessions, all of them connected, quiet, and marked. Those of one account connect in the order written. */
  async cast<const World extends Readonly<Record<string, string>>>(world: World): Promise<Cast<World>> {
    const coming = Object.entries(world).map(([name, text]) => this.#person(name, text));
    // Whoever comes has come before the stage may be closed.
    await Promise.allSettled(coming);
    const people = await Promise.all(coming);
    await this.settle();
    await Promise.all(this.#hibernating.splice(0).map((device) => hibernate(device)));
    return Object.fromEntries(people.map((person) => [person.name, person])) as unknown as Cast<World>;
  }

  /** A fresh account without sessions. */
  account(name: string): Promise<Account> {
    return this.target.account(name);
  }

  /** One more session of an account, described as in a world: `phone=im-ng`. */
  async join(name: string, account: Account, text: string): Promise<Device> {
    const [session] = parseSessions(text);
    if (session === undefined) throw new Error(`no session in ${text}`);
    return this.#session(name, account, session);
  }

  /** A session over another transport than the stage's, with the resource `over`. */
  connectOver(transport: TransportKind, name: string, account: Account): Promise<Device> {
    return Device.connect(name, this.target.address(transport), account, 'over');
  }

  /** Keeps a device that a test connected by itself, to close it at the end. */
  keep(device: Device): Device {
    this.#devices.push(device);
    return device;
  }

  /** Ends one session before the end of the test. */
  async leave(device: Device): Promise<void> {
    this.#devices.splice(this.#devices.indexOf(device), 1);
    await device.close();
  }

  /** All devices are fenced, twice: what the first fence of one sent to another is then there, too. Their news begin now. */
  async settle(): Promise<void> {
    const connected = this.#devices.filter((device) => !device.wire.closed);
    await Promise.all(connected.map((device) => device.fence()));
    await this.target.grace();
    await Promise.all(connected.map((device) => device.fence()));
    for (const device of connected) device.mark();
  }

  /** Fences all devices like `settle`, and gives what each received since the last mark. Their news begin after it. */
  async news(sender?: Device): Promise<Map<Device, Element[]>> {
    if (sender !== undefined && !sender.wire.closed) await sender.fence();
    const connected = this.#devices.filter((device) => !device.wire.closed);
    await Promise.all(connected.map((device) => device.fence()));
    await this.target.grace();
    return new Map(await Promise.all(connected.map(async (device) => [device, await device.flush()] as const)));
  }

  /** Both see each other's presence from now on. */
  async befriend(first: Device, second: Device): Promise<void> {
    // Requests are shown to sessions that have asked for the roster.
    for (const device of [first, second]) await device.ask('get', xml('query', { xmlns: NS.roster }));
    for (const [asks, grants] of [
      [first, second],
      [second, first],
    ] as const) {
      const asked = grants.receive((stanza) => isPresence(stanza, 'subscribe', asks.bare));
      asks.presence({ type: 'subscribe', to: grants.bare });
      await asked;
      const granted = asks.receive((stanza) => isPresence(stanza, 'subscribed', grants.bare));
      grants.presence({ type: 'subscribed', to: asks.bare });
      await granted;
    }
    await this.settle();
  }

  /** XEP-0191. */
  async block(device: Device, jid: string): Promise<void> {
    await device.ask('set', xml('block', { xmlns: NS.blocking }, xml('item', { jid })));
  }

  async close(): Promise<void> {
    await Promise.all(this.#devices.splice(0).map((device) => device.close()));
    for (const { stage, target } of this.#own.splice(0)) {
      await stage.close();
      await target.stop();
    }
  }

  /** What the last stanzas were, for the message of a test that failed. */
  describe(): string {
    return this.#devices
      .map((device) => {
        const last = device.transcript.slice(-6).map((stanza) => `    ${shorten(stanza.toString(NS.client))}`);
        const state = device.wire.closed ? ` (disconnected ${device.wire.streamError?.toString() ?? ''})` : '';
        return [`  ${device.name} ${device.jid}${state} last received:`, ...last].join('\n');
      })
      .join('\n');
  }

  async #person(name: string, text: string): Promise<Person> {
    const account = await this.target.account(name);
    const devices: Device[] = [];
    const sessions = parseSessions(text);
    for (const session of sessions) devices.push(await this.#session(name, account, session));
    const join = (session: string) => this.join(name, account, session);
    const named = Object.fromEntries(sessions.map((session, index) => [session.name, devices[index]]));
    return { name, account, jid: account.jid, devices, join, ...named };
  }

  async #session(name: string, account: Account, session: SessionSpec): Promise<Device> {
    const device = await Device.connect(`${name}.${session.name}`, this.address, account, session.name);
    this.#devices.push(device);
    if (session.imNg) await device.enableImNg();
    if (session.carbons) await device.enableCarbons();
    if (session.hibernated) await device.enableSm();
    if (session.priority !== undefined || session.withdrawn) await device.available(session.priority);
    if (session.withdrawn) device.presence({ type: 'unavailable' });
    await device.fence();
    device.mark();
    if (session.hibernated) this.#hibernating.push(device);
    return device;
  }
}

function hibernate(device: Device): Promise<void> {
  device.cut();
  return device.wire.waitClosed();
}

/** True for a presence of this type (undefined: available) of this account. */
export function isPresence(stanza: Element, type: string | undefined, bare: string): boolean {
  const { from = '' } = stanza.attrs;
  return stanza.name === 'presence' && stanza.attrs['type'] === type && (from === bare || from.startsWith(`${bare}/`));
}

function shorten(text: string): string {
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}
