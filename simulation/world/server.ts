import { createHash } from 'node:crypto';
import type { Element, JID } from '@tutti/xmpp';
import { loadConfig } from '../../packages/server/src/config/load.ts';
import { Core } from '../../packages/server/src/core/core.ts';
import { CoreStreamHost } from '../../packages/server/src/core/stream-host.ts';
import type { Clock, Logger } from '../../packages/server/src/environment.ts';
import {
  type AccountView,
  defineFeature,
  type FeatureDefinition,
  type SessionView,
} from '../../packages/server/src/feature.ts';
import { features } from '../../packages/server/src/features/index.ts';
import { type AccountLog, type Appended, LogError } from '../../packages/server/src/log/log.ts';
import { createMemoryLog, type MemoryLog } from '../../packages/server/src/log/memory/memory-log.ts';
import type { MemoryState } from '../../packages/server/src/log/memory/state.ts';
import { noMetrics } from '../../packages/server/src/observe/metrics.ts';
import type { Store } from '../../packages/server/src/store/store.ts';
import type { Settings } from '../story/story.ts';
import type { Chance } from './chance.ts';
import type { Disk } from './disk.ts';
import type { Recorder, Unit } from './recorder.ts';
import type { Scheduler } from './scheduler.ts';

/** What of the server's doings its watcher hears of. */
export interface ServerWatcher {
  bound(view: SessionView): void;
  ended(view: SessionView): void;
  blockChanged(account: AccountView, blocked: boolean, concerns: (peer: JID) => boolean): void;
  forwarded(stanza: Element): void;
  /** A warning or an error in the server's log. */
  complained(message: string, fields: object): void;
}

/** Hears of what is appended, and of its fate. */
export interface LogRecorder {
  appended(rows: Parameters<Recorder['appended']>[0], now: number): Unit | undefined;
  settled(unit: Unit | undefined, result: 'committed' | 'failed' | 'repeated', seqs: readonly number[]): void;
}

export interface ServerOptions {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly disk: Disk;
  readonly state: MemoryState;
  readonly store: Store;
  readonly settings: Settings;
  readonly accounts: readonly string[];
  /** Only what it needs of a `Recorder`. */
  readonly recorder: LogRecorder;
  readonly watcher: ServerWatcher;
}

/** The server's process: the real core on a simulated clock and disk. It can be killed. */
export class ServerProcess {
  readonly core: Core;
  readonly host: CoreStreamHost;
  readonly #log: MemoryLog;
  readonly #disk: Disk;
  readonly #clock: ProcessClock;

  constructor(options: ServerOptions) {
    const { scheduler, chance, disk, state, store, accounts, recorder, watcher } = options;
    this.#clock = new ProcessClock(scheduler);
    this.#disk = disk;
    const random = { bytes: (length: number) => chance.bytes(length) };
    this.#log = createMemoryLog({ clock: this.#clock, random, disk, state });
    const known = new Set(accounts);
    const refuse = (): never => {
      throw new Error('nobody administers accounts here');
    };
    this.core = new Core({
      clock: this.#clock,
      random,
      logger: watchLogger(watcher),
      digest: (algorithm, data) => createHash(algorithm.replace('-', '')).update(data).digest(),
      metrics: noMetrics,
      version: 'simulated',
      config: configOf(options.settings),
      log: watchLog(this.#log, recorder, () => scheduler.now()),
      db: store.db,
      accounts: {
        exists: async (jid) => known.has(jid.toString()),
        incarnation: async (jid) => (known.has(jid.toString()) ? 1 : undefined),
        add: refuse,
        setPassword: refuse,
        setEnabled: refuse,
        remove: refuse,
        list: refuse,
      },
      features: [...features, watchFeature(watcher)],
    });
    this.host = new CoreStreamHost(this.core);
  }

  /** `kill -9`. `written`: what the disk was doing is done. */
  kill(written: boolean): void {
    this.#disk.crash(written);
    this.#log.crash();
    this.#clock.stop();
  }
}

/** Timers die with the process. */
class ProcessClock implements Clock {
  readonly #scheduler: Scheduler;
  #alive = true;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  now(): number {
    return this.#scheduler.now();
  }

  after(ms: number, run: () => void): ReturnType<Clock['after']> {
    return this.#scheduler.after(ms, () => {
      if (this.#alive) run();
    });
  }

  stop(): void {
    this.#alive = false;
  }
}

const configs = new Map<string, ReturnType<typeof loadConfig>['config']>();

function configOf(settings: Settings): ReturnType<typeof loadConfig>['config'] {
  const values = [
    `limits.outbox_bytes="${settings.outboxBytes} bytes"`,
    `limits.sm_unacked_max=${settings.smUnackedMax}`,
    `limits.sm_resume_timeout="${settings.smResumeTimeout} seconds"`,
    `limits.mam_page_max=${settings.mamPageMax}`,
    `archive.policy=${settings.policy}`,
    'archive.transient_retention=forever',
  ];
  const key = values.join(' ');
  const known = configs.get(key) ?? loadConfig({ settings: values }).config;
  configs.set(key, known);
  return known;
}

/** A feature of the simulator's own: it sees what any feature may see, and gives the world a service. */
function watchFeature(watcher: ServerWatcher): FeatureDefinition {
  return defineFeature({
    spec: 'simulation',
    name: 'Watcher',
    setup(api) {
      api.on('sessionBound', (session) => watcher.bound(session));
      api.on('sessionEnded', (session) => watcher.ended(session));
      api.on('blockChanged', (account, blocked, concerns) => watcher.blockChanged(account, blocked, concerns));
      api.service('rooms.localhost', (stanza) => watcher.forwarded(stanza));
    },
  });
}

/** Records what is appended, and its fate before the server hears of it. */
function watchLog(log: MemoryLog, recorder: LogRecorder, now: () => number): AccountLog {
  return {
    append(unit, done, extras) {
      const record = recorder.appended(unit, now());
      const finish = (result: Appended | LogError): void => {
        const outcome =
          result instanceof LogError ? 'failed' : result.repeated === undefined ? 'committed' : 'repeated';
        recorder.settled(
          record,
          outcome,
          result instanceof LogError ? [] : (result.places ?? []).map(({ seq }) => seq),
        );
        done(result);
      };
      log.append(unit, finish, extras);
    },
    head: (account) => log.head(account),
    read: (account, after, limit) => log.read(account, after, limit),
    query: (account, filter, limit, forward, options) => log.query(account, filter, limit, forward, options),
    count: (account, filter) => log.count(account, filter),
    resolve: (account, id) => log.resolve(account, id),
    legacyCursor: (account) => log.legacyCursor(account),
    moveLegacyCursor: (account, seq) => log.moveLegacyCursor(account, seq),
    parcelQueues: () => log.parcelQueues(),
    parcels: (from, to, after, limit, bytes) => log.parcels(from, to, after, limit, bytes),
    release: (ids) => log.release(ids),
    expire: (before) => log.expire(before),
    remove: (account) => log.remove(account),
    close: () => log.close(),
  };
}

function watchLogger(watcher: ServerWatcher): Logger {
  const complain = (fields: object, message: string): void => watcher.complained(message, fields);
  const logger: Logger = { debug() {}, info() {}, warn: complain, error: complain, child: () => logger };
  return logger;
}
