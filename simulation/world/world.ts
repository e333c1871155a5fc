import { type Element, JID, NS, StreamError, xml } from '@tutti/xmpp';
import type { AccountView, SessionView } from '../../packages/server/src/feature.ts';
import type { Session } from '../../packages/server/src/session/session.ts';
import { createMemoryState, type MemoryState } from '../../packages/server/src/log/memory/state.ts';
import { findAddresses } from '../story/addresses.ts';
import { findComing } from '../story/comings.ts';
import { isTight, type Step, type Story } from '../story/story.ts';
import { Chance } from './chance.ts';
import { Device, type DeviceWorld } from './device.ts';
import { Disk } from './disk.ts';
import { FactsView } from './facts-view.ts';
import { Link, type LinkWatcher } from './link.ts';
import { writeMessage, writeRoomCopies } from './messages.ts';
import type { Problem } from './problem.ts';
import { Recorder, type SessionRecord, startCounting } from './recorder.ts';
import { findRows } from './rows.ts';
import { Scheduler } from './scheduler.ts';
import { ServerProcess, type ServerWatcher } from './server.ts';
import { serverEnd, shorten } from './server-end.ts';
import type { WorldStore } from './store.ts';

/** Ms from the last step to the moment when everybody comes back, and to the end. */
const AFTER = { lastStep: 1500, comeBack: 2000, counts: 3000 };
/** How often devices are given time to catch up at the end. */
const ROUNDS = 30;

/** One world: the server, its disk, its network and its clients, and what they do by a story. */
export class World implements DeviceWorld, LinkWatcher, ServerWatcher {
  readonly story: Story;
  readonly scheduler: Scheduler;
  readonly recorder: Recorder;
  readonly devices = new Map<string, Device>();
  readonly state: MemoryState = createMemoryState();
  readonly problems: Problem[] = [];
  /** Addresses that the story names: facts are kept for these. */
  readonly #addresses: readonly JID[];
  readonly #facts: FactsView;
  readonly #chance: Chance;
  readonly #disk: Disk;
  readonly #store: WorldStore;
  #server: ServerProcess;
  readonly #records = new WeakMap<SessionView, SessionRecord>();
  readonly #byLink = new Map<Link, SessionRecord>();
  /** All that are open, and whose they are. */
  readonly #links = new Map<Link, Device>();
  /** Binds under way, and those that began while another one of their device's was. */
  readonly #binding = new Map<Link, Device>();
  readonly #rivalled = new WeakSet<Link>();
  readonly #blocks = new Map<string, Set<string>>();
  readonly #told: ((line: () => string) => void) | undefined;

  constructor(story: Story, store: WorldStore, tell?: (line: () => string) => void) {
    this.story = story;
    this.#store = store;
    this.#told = tell;
    this.#chance = new Chance(story.seed).fork('world');
    this.scheduler = new Scheduler((error) => this.problem('exception', String((error as Error).stack ?? error)));
    this.recorder = new Recorder(
      () => this.scheduler.elapsed,
      story.accounts,
      (account) => this.#facts.lookAt(account),
    );
    this.#disk = new Disk(this.scheduler, this.#chance.fork('disk'));
    this.#addresses = findAddresses(story).map((address) => JID.parse(address));
    this.#facts = new FactsView(story, this.#addresses, {
      core: () => this.#server.core,
      numberOf: (session) => this.#records.get(session)?.number,
      blocks: (account) => this.#blocks.get(account),
    });
    this.#server = this.#boot();
    for (const step of story.steps) {
      if (!('device' in step) || this.devices.has(step.device)) continue;
      this.devices.set(step.device, new Device(step.device, this, this.#chance.fork(step.device)));
    }
  }

  /** Plays the story to its end, and lets everybody come back and catch up. */
  async play(): Promise<void> {
    for (const step of this.story.steps) this.scheduler.after(step.at, () => this.#take(step));
    await this.scheduler.run((this.story.steps.at(-1)?.at ?? 0) + AFTER.lastStep);
    this.tell(() => 'the disk is good, everybody reads and comes back');
    this.#setDisk('good');
    for (const device of this.devices.values()) device.link?.stall(false);
    await this.scheduler.run(AFTER.lastStep);
    for (const device of this.devices.values()) this.#bringBack(device);
    await this.scheduler.run(AFTER.comeBack);
    // After one round in which nothing came all that had come before can be acknowledged; what waited for that comes in the next.
    for (let round = 0, quiet = 0; round < ROUNDS && quiet < 2; round += 1) {
      for (const device of this.devices.values()) {
        this.#bringBack(device);
        if (device.imNg && !device.catchUp.complete) device.query();
        device.acknowledge();
        device.requestCount();
      }
      const { length } = this.recorder.writes;
      await this.scheduler.run(AFTER.counts);
      const isQuiet = this.recorder.writes.slice(length).every(({ element }) => element.ns === NS.sm);
      quiet = isQuiet && [...this.devices.values()].every((device) => device.isSettled) ? quiet + 1 : 0;
    }
    this.recorder.mark();
  }

  /** Ends the process, so that nothing of it goes on in the next world. */
  end(): void {
    this.#server.kill(false);
  }

  problem(check: string, text: string): void {
    this.problems.push({ check, text });
    this.tell(() => `!! ${check}: ${text}`);
  }

  tell(line: () => string): void {
    this.#told?.(() => `${(this.scheduler.elapsed / 1000).toFixed(3).padStart(9)}  ${line()}`);
  }

  // Devices

  connect(device: Device, name: string): Link {
    const end = {
      received: (element: Element): void => {
        if (device.link === link) device.take(element);
      },
      lost: (error: Element | undefined): void => {
        if (device.link === link && error !== undefined) this.#judge(device, error);
      },
    };
    const link: Link = new Link(name, end, this, this.scheduler, this.#chance.fork(`link ${device.jid} ${name}`));
    this.#links.set(link, device);
    device.connection += 1;
    return link;
  }

  bind(device: Device, link: Link, inline: Element | undefined): void {
    this.scheduler.after(5, () => {
      if (!link.isOpen) return;
      if ([...this.#binding.values()].includes(device)) this.#rivalled.add(link);
      this.#binding.set(link, device);
      const identity = { account: JID.parse(device.account), mechanism: 'SIMULATED' };
      const request = { resource: device.resource, ...(inline === undefined ? {} : { inline }) };
      // Those that this one replaces end at once, whatever they have still to do.
      for (const session of this.recorder.sessions)
        if (session.jid === device.jid && session.endedAt === undefined) session.forced = true;
      const server = this.#server;
      server.host.bind(identity, request, link).then(
        ({ session, inline: answers }) => {
          if (server !== this.#server) return;
          this.#binding.delete(link);
          link.attach(serverEnd(session, link, () => this.#byLink.get(link), this.recorder));
          const record = this.#byLink.get(link);
          if (record !== undefined) record.isInline = inline !== undefined;
          if (record !== undefined && answers.some((answer) => answer.is('enabled', NS.sm)))
            startCounting(record, this.recorder.mark());
          // The stream's own answer, as the client reads it: in order with all that the session sends.
          link.write(xml('bound', { xmlns: NS.bind2 }, ...answers).toBytes(NS.client));
          if (!link.isOpen) session.disconnected(link, false);
        },
        (error: unknown) => this.problem('bind', `${device.jid}: ${String(error)}`),
      );
    });
  }

  resume(device: Device, link: Link, resume: Element): void {
    this.scheduler.after(5, () => {
      if (!link.isOpen) return;
      const identity = { account: JID.parse(device.account), mechanism: 'SIMULATED' };
      const server = this.#server;
      server.host.resume(identity, resume, link).then(
        (result) => {
          if (server !== this.#server) return;
          if (result.session === undefined) {
            link.write(result.answer.toBytes(NS.client));
            return;
          }
          const record = this.recorder.sessions.find((one) => one.number === device.session) as SessionRecord;
          record.acknowledged = true;
          const from = this.recorder.mark();
          record.forced = false;
          const h = Number(resume.attrs['h']);
          record.connections.push({ from, to: link.isOpen ? undefined : from, resumedAt: h, h });
          this.#byLink.set(link, record);
          link.attach(serverEnd(result.session, link, () => record, this.recorder));
          link.write(result.answer.toBytes(NS.client));
          result.start();
          if (!link.isOpen) result.session.disconnected(link, false);
        },
        (error: unknown) => {
          if (error instanceof StreamError) link.close(error);
          else this.problem('resume', `${device.jid}: ${String(error)}`);
        },
      );
    });
  }

  // What is watched of the network

  written(link: Link, bytes: Uint8Array): void {
    const session = this.#byLink.get(link);
    if (session === undefined) return;
    for (const { element } of this.recorder.written(session, bytes)) {
      this.tell(() => `        server → ${session.jid} (${session.number}): ${shorten(element)}`);
    }
  }

  closed(link: Link, by: 'server' | 'client' | 'network'): void {
    this.#links.delete(link);
    const session = this.#byLink.get(link);
    const connection = session?.connections.at(-1);
    if (session === undefined || connection === undefined) return;
    connection.to ??= this.recorder.mark();
    if (by === 'server') session.forced = true; // until it is resumed
    if (by === 'client') session.left = true;
    this.tell(() => `        the connection of ${session.jid} (${session.number}) ends, by the ${by}`);
  }

  // What is watched of the server

  bound(view: SessionView): void {
    const jid = view.jid.toString();
    const link = (view as Session).connection as Link;
    const record = this.recorder.bound(view.account.jid.toString(), view.resource);
    this.#records.set(view, record);
    this.#byLink.set(link, record);
    const device = this.devices.get(jid) as Device;
    if (device.link === link) device.session = record.number;
    const place = this.recorder.mark();
    const [connection] = record.connections;
    if (connection !== undefined && !link.isOpen) connection.to = place;
  }

  ended(view: SessionView): void {
    const record = this.#records.get(view) as SessionRecord;
    record.endedAt = this.recorder.mark();
    // A session that still had a connection was ended by the server.
    const connection = record.connections.at(-1);
    if (connection !== undefined && connection.to === undefined) {
      record.forced = true;
      connection.to = record.endedAt;
    }
    const lostAt = this.recorder.times[connection?.to ?? 0] ?? 0;
    // It could have been resumed still.
    if (record.resumableFor !== undefined && this.scheduler.elapsed < lostAt + record.resumableFor && !record.left)
      record.forced = true;
    // Too much for a client that is gone ends a session, too.
    if (isTight(this.story.settings) && record.counted !== undefined) record.forced = true;
    this.tell(() => `        session ${record.number} of ${record.jid} has ended`);
  }

  blockChanged(account: AccountView, blocked: boolean, concerns: (peer: JID) => boolean): void {
    this.recorder.mark();
    const name = account.jid.toString();
    const now = new Set(this.#blocks.get(name));
    for (const jid of this.#addresses) {
      if (!concerns(jid) || jid.bare.toString() === name) continue;
      if (blocked) now.add(jid.toString());
      else now.delete(jid.toString());
    }
    this.#blocks.set(name, now);
    this.recorder.mark();
  }

  forwarded(stanza: Element): void {
    if (stanza.name === 'message') this.recorder.forwarded(stanza);
  }

  complained(message: string, fields: object): void {
    const isBad = this.recorder.badDisk.some(
      ({ from, to }) => this.scheduler.elapsed >= from && this.scheduler.elapsed <= to,
    );
    const explained =
      isBad && (message === 'a message could not be archived' || message === 'old messages could not be deleted');
    if (!explained) this.problem('log', `${message} ${JSON.stringify(fields)}`);
  }

  // Steps

  #take(step: Step): void {
    this.tell(() => `${step.id} ${JSON.stringify({ ...step, id: undefined, at: undefined })}`);
    switch (step.do) {
      case 'disk':
        return this.#setDisk(step.state);
      case 'crash':
        return this.#crash(step.written);
      case 'jump':
        return this.scheduler.jump(step.ms);
      case 'rest':
        return undefined;
      case 'room':
        return this.#speakInRoom(step);
      default:
        return this.#act(step, this.devices.get(step.device) as Device);
    }
  }

  #act(step: Extract<Step, { device: string }>, device: Device): void {
    switch (step.do) {
      case 'come':
        return device.come(step.id, step.coming);
      case 'return':
        return device.isConnected ? undefined : device.return(step.id, step.coming, step.h);
      case 'take-over':
        return device.takeOver(step.id);
      case 'leave':
        return device.leave();
      case 'cut':
        return device.cut();
      case 'stall':
      case 'read':
        return device.link?.stall(step.do === 'stall');
      case 'acknowledge':
        return device.acknowledge();
      case 'enable':
        return device.online ? device.enableImNg() : undefined;
      case 'query':
        return device.query();
      case 'repeat':
        return device.repeat();
      case 'carbons':
        return device.setCarbons(step.on);
      case 'presence':
        return device.sendPresence(step.priority);
      case 'block':
      case 'unblock':
        return void device.ask('set', xml(step.do, { xmlns: NS.blocking }, xml('item', { jid: step.jid })));
      case 'prefer':
        return void device.ask(
          'set',
          xml('prefs', { xmlns: NS.mam, default: step.fallback }, xml('always'), xml('never')),
        );
      case 'send':
        for (let n = 0; n < step.times; n += 1) {
          const key = step.times === 1 ? `m-${step.id}` : `m-${step.id}-${n + 1}`;
          device.say(writeMessage(step.sending, key, device.jid));
        }
    }
  }

  #setDisk(state: Extract<Step, { do: 'disk' }>['state']): void {
    const last = this.recorder.badDisk.at(-1);
    // What began while it was bad may end a little later.
    if (last?.to === Infinity) last.to = this.scheduler.elapsed + 2000;
    if (state !== 'good') this.recorder.badDisk.push({ from: this.scheduler.elapsed, to: Infinity });
    this.#disk.set(state);
  }

  #crash(written: boolean): void {
    this.#server.kill(written);
    const heads = new Map([...this.state.accounts].map(([account, { head }]) => [account, head]));
    this.recorder.crashed((account, key) => findRows(this.state, account, key), heads);
    this.#setDisk('good');
    for (const link of this.#links.keys()) link.die();
    this.#links.clear();
    this.#byLink.clear();
    this.#binding.clear();
    this.#server = this.#boot();
    this.recorder.mark();
  }

  #boot(): ServerProcess {
    return new ServerProcess({
      scheduler: this.scheduler,
      chance: this.#chance.fork(`server ${this.recorder.crashes.length}`),
      disk: this.#disk,
      state: this.state,
      store: this.#store.store,
      settings: this.story.settings,
      accounts: this.story.accounts,
      recorder: this.recorder,
      watcher: this,
    });
  }

  #speakInRoom(step: Extract<Step, { do: 'room' }>): void {
    for (const stanza of writeRoomCopies(step)) {
      this.recorder.injected(stanza);
      this.#server.core.router.route(stanza);
    }
  }

  #bringBack(device: Device): void {
    if (device.isConnected) return;
    device.return('end', findComing(this.story, device.jid));
  }

  /** A stream error that the device did nothing for. */
  #judge(device: Device, error: Element): void {
    const condition = error.elements.find(({ ns }) => ns === NS.streams)?.name;
    // Of two that bind at the same time one is left.
    const isRivalled =
      (device.link !== undefined && this.#rivalled.has(device.link)) ||
      [...this.#links].some(([link, owner]) => owner === device && link !== device.link);
    const expected =
      (condition === 'conflict' && isRivalled) ||
      (condition === 'resource-constraint' && isTight(this.story.settings)) ||
      (condition === 'undefined-condition' &&
        error.child('handled-count-too-high', NS.sm)?.attrs['h'] === device.wrongCount);
    this.tell(() => `        ${device.jid} gets the stream error ${condition}`);
    if (!expected) this.problem('stream error', `${device.jid} gets ${error}`);
  }
}
