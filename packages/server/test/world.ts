import { createHash } from 'node:crypto';
import { JID, xml } from '@tutti/xmpp';
import { loadConfig } from '../src/config/load.ts';
import { Core } from '../src/core/core.ts';
import { CoreStreamHost } from '../src/core/stream-host.ts';
import type { Logger } from '../src/environment.ts';
import type { FeatureDefinition, FileVault } from '../src/feature.ts';
import { features as allFeatures } from '../src/features/index.ts';
import { createMemoryLog, type MemoryDisk, type MemoryLog } from '../src/log/memory/memory-log.ts';
import { noMetrics } from '../src/observe/metrics.ts';
import { openStore } from '../src/store/store.ts';
import { createAccounts } from '../src/accounts/accounts.ts';
import { accountMigrations } from '../src/accounts/schema.ts';
import { Device, FakeConnection } from './device.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeRandom } from './fake-random.ts';

export interface WorldOptions {
  readonly features?: readonly FeatureDefinition[];
  /** `key=value` as after `--set`. */
  readonly settings?: readonly string[];
  readonly disk?: MemoryDisk;
  /** Where files go (XEP-0363); absent: none are taken. */
  readonly files?: FileVault;
  /** What an administrator's command to end the server does; absent: there is no such command. */
  readonly stop?: (how: 'restart' | 'shutdown') => void;
}

/** What a device does when it comes: IM-NG or Carbons, and a presence of this priority. */
export interface DeviceOptions {
  readonly imNg?: boolean;
  readonly carbons?: boolean;
  readonly priority?: number;
  /** What it comes over. */
  readonly connection?: FakeConnection;
}

/** The real core in one process: a memory log, an in-process database, connections that only remember. */
export class World {
  readonly core: Core;
  readonly host: CoreStreamHost;
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  /** What went to the server's log: warnings and errors. A test that expects none may say so. */
  readonly problems: string[];

  constructor(core: Core, clock: FakeClock, log: MemoryLog, problems: string[]) {
    this.core = core;
    this.host = new CoreStreamHost(core);
    this.clock = clock;
    this.log = log;
    this.problems = problems;
  }

  async account(name: string): Promise<void> {
    await this.core.options.accounts.add(name, 'secret');
  }

  /** Binds `alice@localhost/phone`; makes the account if it isn't there. */
  async connect(full: string, options: DeviceOptions = {}): Promise<Device> {
    const jid = JID.parse(full);
    if (!(await this.core.options.accounts.exists(jid.bare))) await this.account(jid.bare.toString());
    const connection = options.connection ?? new FakeConnection();
    const identity = { account: jid.bare, mechanism: 'TEST' };
    const { session } = await this.host.bind(identity, { resource: jid.resource }, connection);
    const device = new Device(this.core, this.host, session, connection);
    if (options.imNg === true) await device.enableImNg();
    if (options.carbons === true) await device.enableCarbons();
    if (options.priority !== undefined) {
      device.send(xml('presence', null, xml('priority', null, String(options.priority))));
      await this.settle();
    }
    device.take();
    return device;
  }

  /** Lets everything that is under way come to rest. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** How many rows an account's archive has. */
  async rows(name: string): Promise<number> {
    return (await this.log.read(name, 0, 10_000)).length;
  }
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const clock = new FakeClock();
  const random = new FakeRandom();
  const features = options.features ?? allFeatures;
  const log = createMemoryLog({ clock, random, ...(options.disk === undefined ? {} : { disk: options.disk }) });
  const store = await openStore({ path: ':memory:' });
  await store.migrate(Object.assign({}, accountMigrations, ...features.map(({ migrations }) => migrations ?? {})));
  const problems: string[] = [];
  const accounts = createAccounts({
    store,
    log,
    clock,
    random,
    domains: () => ['localhost'],
    iterations: () => 1,
    onDisable: (jid) => core.accountDisabled(jid),
    onRemove: (jid) => core.accountRemoved(jid),
  });
  const core: Core = new Core({
    clock,
    random,
    digest: (algorithm, data) => createHash(algorithm.replace('-', '')).update(data).digest(),
    logger: recordingLogger(problems),
    metrics: noMetrics,
    version: '1.2.3',
    config: loadConfig({ settings: options.settings ?? [] }).config,
    log,
    db: store.db,
    accounts,
    features,
    webUrl: (domain) => `https://${domain}`,
    ...(options.files === undefined ? {} : { files: options.files }),
    ...(options.stop === undefined ? {} : { stop: options.stop }),
  });
  return new World(core, clock, log, problems);
}

function recordingLogger(problems: string[]): Logger {
  const record = (fields: object, message: string): void => void problems.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug() {}, info() {}, warn: record, error: record, child: () => logger };
  return logger;
}
