import { createHash } from 'node:crypto';
import { type Element, type JID, NS, xml } from '@tutti/xmpp';
import { loadConfig } from '../../packages/server/src/config/load.ts';
import { Core } from '../../packages/server/src/core/core.ts';
import { CoreStreamHost } from '../../packages/server/src/core/stream-host.ts';
import type { Clock, Logger, Timer } from '../../packages/server/src/environment.ts';
import { defineFeature } from '../../packages/server/src/feature.ts';
import { features } from '../../packages/server/src/features/index.ts';
import { createMemoryLog, type MemoryLog } from '../../packages/server/src/log/memory/memory-log.ts';
import { createMemoryState } from '../../packages/server/src/log/memory/state.ts';
import { noMetrics } from '../../packages/server/src/observe/metrics.ts';
import { Chance } from '../world/chance.ts';
import { Disk } from '../world/disk.ts';
import type { Problem } from '../world/problem.ts';
import { Scheduler } from '../world/scheduler.ts';
import type { WorldStore } from '../world/store.ts';
import { RemoteDevice } from './device.ts';
import { RemoteLink } from './link.ts';
import { DOMAINS, type RemoteStep, type RemoteStory } from './story.ts';

/** A message of somebody on another server: sent again until this server has done with it. */
export interface Heard {
  readonly key: string;
  readonly to: string;
  readonly stanza: Element;
  done: boolean;
  /** How often it was sent again after a crash: so many more times it may be there. */
  again: number;
}

const HOUR = 3_600_000;

/** A world whose server speaks with two others, and with a service of its own, over links that break. */
export class RemoteWorld {
  readonly story: RemoteStory;
  readonly scheduler: Scheduler;
  readonly devices = new Map<string, RemoteDevice>();
  readonly links: ReadonlyMap<string, RemoteLink>;
  readonly heard: Heard[] = [];
  readonly state = createMemoryState();
  readonly problems: Problem[] = [];
  /** Domains whose queue was dropped. */
  readonly dropped = new Set<string>();
  readonly #store: WorldStore;
  readonly #chance: Chance;
  readonly #disk: Disk;
  readonly #tell: (line: () => string) => void;
  #badDisk = false;
  #server: Process;

  constructor(story: RemoteStory, store: WorldStore, tell: (line: () => string) => void = () => undefined) {
    this.story = story;
    this.#store = store;
    this.#tell = (line) => tell(() => `${(this.scheduler.elapsed / 1000).toFixed(3).padStart(9)}  ${line()}`);
    this.#chance = new Chance(story.seed).fork('remote world');
    this.scheduler = new Scheduler((error) => this.#report('exception', String((error as Error).stack ?? error)));
    this.#disk = new Disk(this.scheduler, this.#chance.fork('disk'));
    this.links = new Map(DOMAINS.map((domain) => [domain, this.#link(domain)]));
    this.#server = this.#boot();
    for (const step of story.steps)
      if ('device' in step && !this.devices.has(step.device))
        this.devices.set(step.device, new RemoteDevice(step.device));
  }

  /** Plays the story; then all links are good, everybody comes, and time passes until nothing waits any more. */
  async play(): Promise<void> {
    for (const step of this.story.steps) this.scheduler.after(step.at, () => this.#take(step));
    await this.scheduler.run((this.story.steps.at(-1)?.at ?? 0) + 1500);
    this.#tell(() => 'all is well from here on');
    this.#setDisk('good');
    for (const link of this.links.values()) link.mood = 'up';
    await this.scheduler.run(5000);
    for (const device of this.devices.values()) if (!device.isThere) this.#come(device);
    await this.scheduler.run(HOUR);
    for (const device of this.devices.values()) device.ask();
    await this.scheduler.run(HOUR);
  }

  get core(): Core {
    return this.#server.core;
  }

  /** Ends the process, so that nothing of it goes on in the next world. */
  end(): void {
    this.#server.kill(false);
  }

  #take(step: RemoteStep): void {
    this.#tell(() => `${step.id} ${JSON.stringify({ ...step, id: undefined, at: undefined })}`);
    switch (step.do) {
      case 'come':
        return this.#come(this.devices.get(step.device) as RemoteDevice);
      case 'cut':
        return this.devices.get(step.device)?.cut();
      case 'say':
        return this.#say(step);
      case 'hear':
        return this.#hear(step);
      case 'link':
        return void Object.assign(this.links.get(step.domain) as RemoteLink, { mood: step.mood });
      case 'break':
        return this.links.get(step.domain)?.break(step.arrives);
      case 'crash':
        return this.#crash(step.written, step.arrives);
      case 'disk':
        return this.#setDisk(step.state);
      case 'drop':
        this.dropped.add(step.domain);
        return void this.core.departures.drop(step.domain);
      case 'retry':
        return void this.core.departures.retry(step.domain);
      case 'rest':
        return undefined;
    }
  }

  #say({ id, device, to, marked, originId, times }: Extract<RemoteStep, { do: 'say' }>): void {
    for (let n = 0; n < times; n += 1) {
      const key = `m-${id}-${n}`;
      const isMarked = marked && to.includes('/');
      const stanza = xml(
        'message',
        { id: key, to, type: 'chat' },
        xml('body', null, key),
        originId && xml('origin-id', { xmlns: NS.sid, id: key }),
        isMarked && xml('im-ng', { xmlns: NS.imNg }),
      );
      this.devices.get(device)?.say({ key, stanza, marked: isMarked, acknowledged: false });
    }
  }

  #hear({ id, from, to, times }: Extract<RemoteStep, { do: 'hear' }>): void {
    for (let n = 0; n < times; n += 1) {
      const key = `p-${id}-${n}`;
      const stanza = xml('message', { id: key, from, to, type: 'chat' }, xml('body', null, key));
      const heard = { key, to, stanza, done: false, again: 0 };
      this.heard.push(heard);
      this.#bring(heard);
    }
  }

  #bring(heard: Heard): void {
    const server = this.#server;
    void server.core.router.fromOutside(heard.stanza, () => {
      if (server === this.#server) heard.done = true;
    });
  }

  #come(device: RemoteDevice): void {
    const server = this.#server;
    device
      .come(server.host, () => server.core.accounts.get(device.jid.bare.toString())?.head ?? 0)
      .catch((error: unknown) => {
        if (server === this.#server) this.#report('bind', String((error as Error).stack ?? error));
      });
  }

  #crash(written: boolean, arrives: number): void {
    this.#server.kill(written);
    for (const link of this.links.values()) link.die(arrives);
    for (const device of this.devices.values()) device.die();
    this.#setDisk('good');
    this.#server = this.#boot();
    for (const heard of this.heard) {
      if (heard.done) continue;
      heard.again += 1;
      this.#bring(heard);
    }
  }

  #boot(): Process {
    const { settings, accounts } = this.story;
    const config = loadConfig({
      settings: [
        `outbox.expiry="${settings.expiry} seconds"`,
        `outbox.messages_per_domain=${settings.messagesPerDomain}`,
        'outbox.confirm_time="30 seconds"',
        'limits.stanzas_per_second=0',
      ],
    }).config;
    const process = new Process({
      scheduler: this.scheduler,
      chance: this.#chance.fork(`process ${this.scheduler.elapsed}`),
      disk: this.#disk,
      state: this.state,
      store: this.#store,
      accounts,
      config,
      links: this.links,
      complained: (message, fields) => {
        if (!this.#badDisk) this.#report('log', `${message} ${JSON.stringify(fields)}`);
      },
    });
    process.start().catch((error: unknown) => this.#report('start', String((error as Error).stack ?? error)));
    return process;
  }

  #link(domain: string): RemoteLink {
    const heard = (stanza: Element): void => this.#tell(() => `        ${domain} gets ${stanza.attrs['id']}`);
    return new RemoteLink(this.scheduler, this.#chance.fork(domain), heard);
  }

  #setDisk(state: 'good' | 'slow' | 'failing'): void {
    // What began while it was bad may fail a little later.
    if (state === 'failing') this.#badDisk = true;
    else this.scheduler.after(2000, () => (this.#badDisk = this.#disk.state === 'failing'));
    this.#disk.set(state);
  }

  #report(check: string, text: string): void {
    this.problems.push({ check, text });
    this.#tell(() => `!! ${check}: ${text}`);
  }
}

interface ProcessOptions {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly disk: Disk;
  readonly state: ReturnType<typeof createMemoryState>;
  readonly store: WorldStore;
  readonly accounts: readonly string[];
  readonly config: ReturnType<typeof loadConfig>['config'];
  readonly links: ReadonlyMap<string, RemoteLink>;
  readonly complained: (message: string, fields: object) => void;
}

/** The server's process: the real core. It can be killed. */
class Process {
  readonly core: Core;
  readonly host: CoreStreamHost;
  readonly #log: MemoryLog;
  readonly #disk: Disk;
  #alive = true;

  constructor({ scheduler, chance, disk, state, store, accounts, config, links, complained }: ProcessOptions) {
    this.#disk = disk;
    const clock: Clock = {
      now: () => scheduler.now(),
      after: (ms, run): Timer => scheduler.after(ms, () => (this.#alive ? run() : undefined)),
    };
    const random = { bytes: (length: number) => chance.bytes(length) };
    this.#log = createMemoryLog({ clock, random, disk, state });
    const complain = (fields: object, message: string): void => (this.#alive ? complained(message, fields) : undefined);
    const logger: Logger = { debug() {}, info() {}, warn: complain, error: complain, child: () => logger };
    const refuse = (): never => {
      throw new Error('nobody administers accounts here');
    };
    const rooms = links.get('rooms.localhost') as RemoteLink;
    const service = defineFeature({
      spec: 'simulation',
      name: 'Rooms',
      setup: (api) =>
        api.service(
          'rooms.localhost',
          (stanza) => new Promise((resolve) => rooms.send('', '', stanza, () => resolve())),
        ),
    });
    this.core = new Core({
      clock,
      random,
      logger,
      digest: (algorithm, data) => createHash(algorithm.replace('-', '')).update(data).digest(),
      metrics: noMetrics,
      version: 'simulated',
      config,
      log: this.#log,
      db: store.store.db,
      accounts: {
        exists: async (jid: JID) => accounts.includes(jid.toString()),
        add: refuse,
        setPassword: refuse,
        setEnabled: refuse,
        incarnation: async () => 1,
        tokens: { find: refuse, replace: refuse },
        remove: refuse,
        list: refuse,
      },
      features: [...features, service],
    });
    const remote = (domain: string): RemoteLink => links.get(domain) as RemoteLink;
    this.core.links.remote = {
      send: (from, to, stanza, settled) =>
        remote(to).send(from, to, stanza, (failure) => (this.#alive ? settled(failure) : undefined)),
    };
    this.host = new CoreStreamHost(this.core);
  }

  async start(): Promise<void> {
    await this.core.departures.load();
    this.core.departures.start();
  }

  /** `kill -9`. `written`: what the disk was doing is done. */
  kill(written: boolean): void {
    this.#alive = false;
    this.#disk.crash(written);
    this.#log.crash();
    this.core.departures.stop();
  }
}
