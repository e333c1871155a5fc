import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StartedServer, startServer } from 'tutti';
import { Device } from '../../client/device.ts';
import type { Account } from '../../client/login.ts';
import { freshLocalpart } from '../../target.ts';
import type { Certificate } from './authority.ts';
import { enter, type Ground, type Peer, type Way } from './peer.ts';

/** A line of the log about federation. */
export interface LogLine {
  readonly message: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly direction?: 'in' | 'out';
  readonly local?: string;
  readonly remote?: string;
  readonly method?: string;
  readonly bidi?: boolean;
  readonly reason?: string;
  readonly detail?: string;
}

export interface TuttiOptions {
  readonly settings?: readonly string[];
  /** By domain; else one of the ground's authority for all of them. */
  readonly certificate?: Certificate;
}

const SETTINGS = [
  'c2s.port=0',
  'c2s.require_tls=false',
  'c2s_tls.enabled=false',
  'http.enabled=false',
  's2s.port=0',
  's2s_tls.port=0',
  's2s.connect_timeout=5 seconds',
  's2s.retry_pause=0',
  'outbox.retry_first=200 ms',
  'auth.scram_iterations=4096',
];

/** Tutti in this process, with what it logs about other servers. */
export class Tutti implements Peer {
  readonly name = 'Tutti';
  readonly log: LogLine[];
  readonly #data: string;
  readonly #launch: () => Promise<StartedServer>;
  readonly #announce: (tutti: Tutti) => void;
  #server: StartedServer;

  private constructor(
    data: string,
    log: LogLine[],
    server: StartedServer,
    launch: () => Promise<StartedServer>,
    announce: (tutti: Tutti) => void,
  ) {
    this.#data = data;
    this.log = log;
    this.#server = server;
    this.#launch = launch;
    this.#announce = announce;
    announce(this);
  }

  static async start(
    ground: Ground,
    domains: Readonly<Record<string, Way>>,
    options: TuttiOptions = {},
  ): Promise<Tutti> {
    const names = Object.keys(domains);
    const { cert, key } = options.certificate ?? ground.authority.issue({ dns: names });
    const data = mkdtempSync(join(tmpdir(), 'tutti-s2s-'));
    const log: LogLine[] = [];
    const launch = () =>
      startServer({
        data,
        domains: names,
        logger: keepLines(log),
        settings: [
          ...SETTINGS,
          `tls.cert=${cert}`,
          `tls.key=${key}`,
          `s2s.ca=${ground.authority.file}`,
          `s2s.dns_servers=${ground.dns.address}`,
          's2s.local_addresses=true',
          ...(options.settings ?? []),
        ],
      });
    return new Tutti(data, log, await launch(), launch, ({ ports: { s2s, s2s_tls: direct } }) => {
      for (const [domain, way] of Object.entries(domains))
        ground.dns.announce(domain, way === 'direct' ? { tls: direct } : { plain: s2s });
    });
  }

  /** Ends the server and starts it again with its data; its ports are others. */
  async restart(): Promise<void> {
    await this.#server.stop();
    this.#server = await this.#launch();
    this.#announce(this);
  }

  /** Where it listens. */
  get ports(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#server.listening.map(({ name, port }) => [name, port]));
  }

  port(name: string): number {
    const port = this.ports[name];
    if (port === undefined) throw new Error(`nothing listens as ${name}`);
    return port;
  }

  async join(domain: string, person: string): Promise<Device> {
    const account = { jid: `${freshLocalpart(person)}@${domain}`, password: 'secret' };
    await this.#server.accounts.add(account.jid, account.password);
    return enter(await this.connect(person, account));
  }

  /** One more session of somebody, without presence. */
  connect(name: string, account: Account, resource = 'home'): Promise<Device> {
    const domain = account.jid.slice(account.jid.indexOf('@') + 1);
    const address = { transport: 'tcp', host: '127.0.0.1', port: this.port('c2s'), tls: 'none', domain } as const;
    return Device.connect(name, address, account, resource);
  }

  /** Lines of the log with this message about a remote domain. */
  lines(message: string, remote: string): LogLine[] {
    return this.log.filter((line) => line.message === message && line.remote === remote);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    rmSync(this.#data, { recursive: true, force: true });
  }
}

function keepLines(log: LogLine[]) {
  const keep = (level: LogLine['level']) => (fields: object, message: string) => {
    if (message.startsWith('s2s') || level === 'error' || level === 'warn') log.push({ ...fields, message, level });
  };
  const logger = {
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
    child: () => logger,
  };
  return logger;
}
