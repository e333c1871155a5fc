import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from '../client/login.ts';
import { Terminal } from './terminal.ts';

/** No clocks between the lines, nothing outside the terminal, and no connection that the test does not know of. */
const SETTINGS = `[ui]
splash=false
time.console=off
time.chat=off
time.muc=off
time.private=off
[notifications]
message=off
room=off
invite=false
sub=false
[connection]
reconnect=0
autoping=0
[otr]
policy=manual
`;

/** Profanity in a terminal, with a home of its own. */
export class Profanity {
  readonly account: Account;
  readonly #home: string;
  readonly #port: number;
  readonly #terminal: Terminal;

  private constructor(account: Account, home: string, port: number, terminal: Terminal) {
    this.account = account;
    this.#home = home;
    this.#port = port;
    this.#terminal = terminal;
  }

  /** Starts it, without a connection. `port` is that of the server on 127.0.0.1. */
  static async open(account: Account, port: number): Promise<Profanity> {
    const home = mkdtempSync(join(tmpdir(), 'profanity-'));
    mkdirSync(join(home, 'config', 'profanity'), { recursive: true });
    writeFileSync(join(home, 'config', 'profanity', 'profrc'), SETTINGS);
    const terminal = await Terminal.open({
      socket: join(home, 'tmux'),
      command: ['profanity'],
      environment: {
        HOME: home,
        XDG_CONFIG_HOME: join(home, 'config'),
        XDG_DATA_HOME: join(home, 'data'),
        XDG_CACHE_HOME: join(home, 'cache'),
        PATH: '/usr/bin:/bin',
        LANG: 'C.UTF-8',
        TERM: 'tmux-256color',
      },
    });
    await terminal.shows(/Type '\/help'/);
    return new Profanity(account, home, port, terminal);
  }

  /** STARTTLS, with whatever certificate: it is the server's own. */
  async connect(): Promise<void> {
    await this.type(`/connect ${this.account.jid} server 127.0.0.1 port ${this.#port} tls trust`);
    await this.shows(/Enter password:/);
    await this.type(this.account.password);
    await this.shows(/logged in successfully/);
  }

  async disconnect(): Promise<void> {
    await this.type('/disconnect');
    await this.shows(/logged out successfully/);
    await this.type('/clear');
  }

  /** Types a command or a message, as a person does. */
  type(line: string): Promise<void> {
    return this.#terminal.type(line);
  }

  /** Waits for a line on the screen. */
  shows(pattern: RegExp): Promise<string> {
    return this.#terminal.shows(pattern);
  }

  count(pattern: RegExp): Promise<number> {
    return this.#terminal.count(pattern);
  }

  /** Makes a file that it can send; gives its path. */
  write(name: string, content: Buffer): string {
    const path = join(this.#home, name);
    writeFileSync(path, content);
    return path;
  }

  /** The content of the files that it has written below a folder of its data. */
  files(folder: string): Buffer[] {
    const path = join(this.#home, 'data', 'profanity', folder);
    return !existsSync(path) ? [] : readdirSync(path).map((name) => readFileSync(join(path, name)));
  }

  async close(): Promise<void> {
    await this.#terminal.close();
    rmSync(this.#home, { recursive: true, force: true });
  }
}
