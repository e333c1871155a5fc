import { type Element, type JID, NS, StanzaError } from '@tutti/xmpp';
import type { AccountLog, Logger } from '../../feature.ts';
import type { Archiving, Change, Decide, Decision, Followed, Out } from './decision.ts';
import type { Room } from './room.ts';

/** What a room's doings need of the world. */
export interface RoomWorld {
  readonly log: AccountLog;
  readonly logger: Logger;
  /** The room as the database and the archive have it; undefined when there is none. */
  load(jid: JID): Promise<Room | undefined>;
  save(jid: JID, changes: readonly Change[]): Promise<void>;
  send(out: readonly Out[]): void;
  /** The room is being made, or is no more. */
  counted(room: Room, by: 1 | -1): void;
  /** Nothing is going on (any more). */
  idle(actor: RoomActor): void;
}

type Place = { readonly id: string; readonly at: number } | undefined;
type NewRow = Parameters<AccountLog['append']>[0][number];

export interface RunOptions extends Partial<Pick<Task, 'answer' | 'isFact'>> {}

interface Task {
  readonly decide: Decide;
  /** What it decides holds although it can't be stored: who has left has left. */
  readonly isFact: boolean;
  /** Answers who asks, before the others are told what has come of it (XEP-0045 §8, §9, §10). */
  readonly answer: ((answer: Element | undefined) => void) | undefined;
  readonly resolve: (answer: Element | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One address below the service, with a room or without: takes one stanza after the other, decides, stores, archives, and only then tells anybody.
 * Messages that change nothing but the archive may be on their way to it together; whatever else waits until they have been sent out. So everybody in
 * the room sees the same in the same order, and sees nothing that is not on the disk.
 */
export class RoomActor {
  readonly jid: JID;
  readonly #world: RoomWorld;
  readonly #queue: Task[] = [];
  #room: Room | undefined;
  /** Loading, or storing a change. */
  #busy = true;
  /** Messages on their way to the archive. */
  #pending = 0;
  /** Something is being sent out: what comes back at once, such as an error, waits until it has been. */
  #sending = false;

  constructor(jid: JID, world: RoomWorld) {
    this.jid = jid;
    this.#world = world;
    world.load(jid).then(
      (room) => {
        this.#room = room;
        this.#busy = false;
        this.#next();
      },
      (error: unknown) => this.#abandon(error),
    );
  }

  /** The room as it is now, when nothing is under way. */
  get room(): Room | undefined {
    return this.#room;
  }

  get isIdle(): boolean {
    return !this.#busy && !this.#sending && this.#pending === 0 && this.#queue.length === 0;
  }

  /** Does what is decided, when its turn comes; gives the answer. Rejects with StanzaError where it is refused. */
  run(decide: Decide, { isFact = false, answer }: RunOptions = {}): Promise<Element | undefined> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ decide, isFact, answer, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    while (!this.#busy && !this.#sending) {
      const task = this.#queue[0];
      if (task === undefined) break;
      let decision: Decision;
      try {
        decision = task.decide(this.#room);
      } catch (error) {
        this.#queue.shift();
        task.reject(error);
        continue;
      }
      if (this.#pending > 0 && !archivesOnly(decision, this.#room)) return;
      this.#queue.shift();
      this.#perform(task, decision);
    }
    if (this.isIdle) this.#world.idle(this);
  }

  #perform(task: Task, decision: Decision): void {
    const { save = [], room } = decision;
    // It counts at once: others may be asked for while it is stored.
    const made = this.#room === undefined ? room : undefined;
    if (made !== undefined) this.#world.counted(made, 1);
    if (save.length === 0) return this.#apply(task, decision);
    this.#busy = true;
    this.#store(save)
      .then(
        () => this.#apply(task, decision),
        (error: unknown) => {
          this.#report(error);
          if (task.isFact) return this.#apply(task, decision);
          if (made !== undefined) this.#world.counted(made, -1);
          task.reject(new StanzaError('internal-server-error', { type: 'wait' }));
        },
      )
      .finally(() => {
        this.#busy = false;
        this.#next();
      });
  }

  #send(out: readonly Out[]): void {
    this.#uninterrupted(() => this.#world.send(out));
  }

  #uninterrupted(work: () => void): void {
    const isOutermost = !this.#sending;
    this.#sending = true;
    try {
      work();
    } finally {
      if (isOutermost) this.#sending = false;
    }
  }

  /** Who has to go hears it first, then who asked for it that it is done, then all others (§8.2). */
  #tell({ answer: reply }: Task, before: Room | undefined, { room, out, archive, answer }: Decision): void {
    if (reply === undefined || archive !== undefined) return this.#send(out);
    const isOut = ({ to }: Out): boolean =>
      to.every((jid) => room?.nicks.has(jid.toString()) !== true && before?.nicks.has(jid.toString()) === true);
    const removed = out.filter(isOut);
    const others = removed.length === 0 ? out : out.filter((one) => !removed.includes(one));
    this.#uninterrupted(() => {
      this.#world.send(removed);
      reply(answer);
      this.#world.send(others);
    });
  }

  async #store(save: readonly Change[]): Promise<void> {
    // Another room of the same name has another archive: this one is forgotten when that is gone, whenever the process ends.
    if (save.some(({ kind }) => kind === 'destroy')) {
      await this.#world.save(this.jid, [{ kind: 'doom' }]);
      await this.#world.log.remove(this.jid.toString());
    }
    await this.#world.save(this.jid, save);
  }

  #apply(task: Task, decision: Decision): void {
    const { room, archive, answer } = decision;
    const before = this.#room;
    if (this.#room !== undefined && this.#room.creator !== room?.creator) {
      this.#world.counted(this.#room, -1);
      if (room !== undefined) this.#world.counted(room, 1);
    }
    this.#room = room;
    this.#tell(task, before, decision);
    if (archive === undefined) return task.resolve(answer);
    this.#archive(task, archive, answer);
  }

  #archive(task: Task, archive: Archiving, answer: Element | undefined): void {
    const follow = (place: Place): void => {
      if (this.#room !== undefined) {
        const followed: Followed = archive.follow(this.#room, place);
        this.#room = followed.room;
        this.#send(followed.out);
      }
      task.resolve(answer);
    };
    if (!archive.keep && archive.save === undefined && this.#pending === 0) return follow(undefined);
    // Whatever comes behind something that is to be stored waits for it.
    if (archive.save !== undefined) this.#busy = true;
    this.#pending += 1;
    this.#world.log.append(archive.keep ? [this.#row(archive)] : [], (result) => {
      this.#pending -= 1;
      if (result instanceof Error) {
        // A3: nobody gets what is not archived.
        this.#report(result);
        task.reject(new StanzaError('internal-server-error', { type: 'wait' }));
        if (archive.save !== undefined) this.#busy = false;
      } else if (archive.save === undefined) follow(result.places?.[0]);
      else return this.#storeThen(archive.save(result.places?.[0]), () => follow(result.places?.[0]));
      this.#next();
    });
  }

  /** What is archived is told, although what goes with it could not be stored: the next process finds it in the archive. */
  #storeThen(save: readonly Change[], then: () => void): void {
    void this.#store(save)
      .catch((error: unknown) => this.#report(error))
      .then(then)
      .finally(() => {
        this.#busy = false;
        this.#next();
      });
  }

  #row({ nick, stanza }: Archiving): NewRow {
    const room = this.jid.toString();
    return {
      account: room,
      peer: room,
      peerResource: nick,
      stanza: stanza.toBytes(NS.client),
      transient: false,
      groupchat: true,
      outgoing: false,
      offline: false,
    };
  }

  #report(error: unknown): void {
    this.#world.logger.error({ room: this.jid.toString(), error: String(error) }, 'a room could not be stored');
  }

  /** It can't be loaded: everybody who waits is told; the next one may find it. */
  #abandon(error: unknown): void {
    this.#report(error);
    this.#busy = false;
    for (const task of this.#queue.splice(0)) task.reject(new StanzaError('internal-server-error', { type: 'wait' }));
    this.#world.idle(this);
  }
}

function archivesOnly({ room, out, save = [], archive }: Decision, before: Room | undefined): boolean {
  return (
    archive !== undefined && archive.save === undefined && room === before && out.length === 0 && save.length === 0
  );
}
