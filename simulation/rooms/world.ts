import { type Element, JID, NS, parseXml, xml } from '@tutti/xmpp';
import { createMemoryState, type MemoryState, type StoredRow } from '../../packages/server/src/log/memory/state.ts';
import { Chance } from '../world/chance.ts';
import { Disk } from '../world/disk.ts';
import type { Problem } from '../world/problem.ts';
import { Scheduler } from '../world/scheduler.ts';
import { ServerProcess } from '../world/server.ts';
import type { WorldStore } from '../world/store.ts';
import { isSelf, Life, ROOM, roomSeq } from './life.ts';
import type { RoomStep, RoomStory } from './story.ts';

/** Long enough for everything that is under way to come to rest. */
const REST_MS = 5000;
const OWNER = 'owner@localhost/x';

/** What somebody has said or whispered. */
export interface Utterance {
  readonly key: string;
  readonly at: number;
  readonly life: Life;
  /** For whispers: the nickname that was addressed. */
  readonly nick: string | undefined;
}

/** A room on the server's real core, with people who come and go; the server may die and come back. */
export class RoomsWorld {
  readonly story: RoomStory;
  readonly lives: Life[] = [];
  readonly utterances: Utterance[] = [];
  readonly problems: Problem[] = [];
  /** From when to when the disk was not good, or the server died. */
  readonly troubles: { readonly from: number; to: number }[] = [];
  readonly state: MemoryState = createMemoryState();
  readonly scheduler: Scheduler;
  readonly #store: WorldStore;
  readonly #chance: Chance;
  readonly #disk: Disk;
  #server: ServerProcess;

  constructor(story: RoomStory, store: WorldStore) {
    this.story = story;
    this.#store = store;
    this.#chance = new Chance(story.seed).fork('room world');
    this.scheduler = new Scheduler((error) => this.#report('exception', String((error as Error).stack ?? error)));
    this.#disk = new Disk(this.scheduler, this.#chance.fork('disk'));
    this.#server = this.#start(0);
  }

  async play(): Promise<void> {
    const { scheduler } = this;
    const owner = await this.#come(OWNER, false);
    await scheduler.run(100);
    this.#enter(owner, 'owner');
    await scheduler.run(100);
    const field = (name: string, value: string): Element => xml('field', { var: name }, xml('value', null, value));
    const form = xml(
      'x',
      { xmlns: NS.dataForms, type: 'submit' },
      field('FORM_TYPE', NS.mucRoomConfig),
      field('muc#roomconfig_persistentroom', '1'),
    );
    this.#send(owner, xml('iq', { type: 'set', id: 'open', to: ROOM }, xml('query', { xmlns: NS.mucOwner }, form)));
    await scheduler.run(1000);
    for (const step of this.story.steps) scheduler.after(step.at, () => this.#act(step));
    await scheduler.run((this.story.steps.at(-1)?.at ?? 0) + REST_MS);
    this.#endTrouble();
    this.#disk.set('good');
    await scheduler.run(REST_MS);
  }

  end(): void {
    this.#server.kill(false);
  }

  /** The archive of a room or an account. */
  rowsOf(account: string): readonly StoredRow[] {
    return this.state.accounts.get(account)?.rows ?? [];
  }

  /** Nothing went wrong with the disk or the server for so long before and after. */
  isQuiet(at: number, ms: number): boolean {
    return !this.troubles.some(({ from, to }) => from <= at + ms && to >= at - ms);
  }

  #start(generation: number): ServerProcess {
    return new ServerProcess({
      scheduler: this.scheduler,
      chance: this.#chance.fork(`server ${generation}`),
      disk: this.#disk,
      state: this.state,
      store: this.#store.store,
      settings: {
        outboxBytes: 262_144,
        smUnackedMax: 1000,
        smResumeTimeout: 600,
        mamPageMax: 50,
        policy: 'everything',
      },
      accounts: [...this.story.accounts, 'owner@localhost'],
      recorder: { appended: () => undefined, settled: () => {} },
      watcher: {
        bound() {},
        ended() {},
        blockChanged() {},
        forwarded() {},
        complained: (message, fields) => {
          if (this.troubles.length === 0) this.#report('log', `${message} ${JSON.stringify(fields)}`);
        },
      },
    });
  }

  #act(step: RoomStep): void {
    if (step.do === 'disk') {
      this.#endTrouble();
      if (step.state !== 'good') this.troubles.push({ from: this.scheduler.elapsed, to: Infinity });
      return this.#disk.set(step.state);
    }
    if (step.do === 'crash') return this.#crash(step.written);
    const life = this.lives.findLast(({ device, until }) => device === step.device && until === undefined);
    if (step.do === 'come') {
      if (life === undefined) void this.#come(step.device, step.imNg);
      return;
    }
    if (life?.isThere !== true) return;
    switch (step.do) {
      case 'go':
        life.session?.disconnected(life, true);
        return life.end();
      case 'enter':
        return this.#enter(life, step.nick);
      case 'leave':
        return this.#send(life, xml('presence', { type: 'unavailable', to: `${ROOM}/x` }));
      case 'say':
        this.utterances.push({ key: step.id, at: this.scheduler.elapsed, life, nick: undefined });
        return this.#send(
          life,
          xml('message', { type: 'groupchat', to: ROOM, id: step.id }, xml('body', null, `say ${step.id}`)),
        );
      case 'whisper': {
        this.utterances.push({ key: step.id, at: this.scheduler.elapsed, life, nick: step.nick });
        const body = xml('body', null, `whisper ${step.id}`);
        return this.#send(
          life,
          xml(
            'message',
            { type: 'chat', to: `${ROOM}/${step.nick}`, id: step.id },
            body,
            xml('x', { xmlns: NS.mucUser }),
          ),
        );
      }
      case 'retract':
        return this.#retract(life, step.id);
    }
  }

  /** Takes back the newest message of one's own that came back. */
  #retract(life: Life, id: string): void {
    const own = this.utterances
      .filter((one) => one.life.account === life.account && one.nick === undefined)
      .map(({ key }) => key);
    const said = life.received.findLast(
      ({ stanza }) => own.includes(stanza.attrs['id'] ?? '') && roomSeq(stanza) !== undefined,
    )?.stanza;
    const target = said?.childrenNamed('stanza-id', NS.sid).find(({ attrs }) => attrs['by'] === ROOM)?.attrs['id'];
    if (target === undefined) return;
    this.#send(
      life,
      xml('message', { type: 'groupchat', to: ROOM, id }, xml('retract', { xmlns: NS.messageRetract, id: target })),
    );
  }

  async #come(device: string, imNg: boolean): Promise<Life> {
    const life = new Life(
      device,
      imNg,
      () => this.scheduler.elapsed,
      (stanza) => this.#look(stanza),
    );
    this.lives.push(life);
    const jid = JID.parse(device);
    const { session } = await this.#server.host.bind(
      { account: jid.bare, mechanism: 'SIM' },
      { resource: jid.resource },
      life,
    );
    life.session = session;
    if (imNg) this.#send(life, xml('iq', { type: 'set', id: 'enable' }, xml('enable', { xmlns: NS.imNg })));
    this.#send(life, xml('presence'));
    return life;
  }

  #enter(life: Life, nick: string): void {
    this.#send(life, xml('presence', { to: `${ROOM}/${nick}` }, xml('x', { xmlns: NS.muc })));
  }

  #send({ session, until }: Life, stanza: Element): void {
    if (until === undefined) session?.receive(parseXml(stanza.toBytes()));
  }

  #crash(written: boolean): void {
    this.#endTrouble();
    this.troubles.push({ from: this.scheduler.elapsed, to: this.scheduler.elapsed });
    for (const life of this.lives) life.end();
    this.#server.kill(written);
    this.#server = this.#start(this.troubles.length);
  }

  #endTrouble(): void {
    for (const trouble of this.troubles) trouble.to = Math.min(trouble.to, this.scheduler.elapsed);
  }

  /** A3: what anybody in the room sees is on the disk. */
  #look(stanza: Element): void {
    const seq = isSelf(stanza) ? undefined : roomSeq(stanza);
    if (seq !== undefined && !this.rowsOf(ROOM).some((row) => row.seq === seq)) {
      this.#report('A3', `${stanza.attrs['id']} is shown and not archived`);
    }
  }

  #report(check: string, text: string): void {
    this.problems.push({ check, text });
  }
}
