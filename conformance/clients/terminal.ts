import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How long a program may take to show what it should, in milliseconds. */
const PATIENCE = 20_000;

export interface TerminalOptions {
  /** A path where nothing is yet: the socket of the tmux that runs the program, and of nothing else. */
  readonly socket: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** All of the program's environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A program in a terminal of its own, which is typed into and read from as a person does. */
export class Terminal {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** Runs a program in a tmux of its own, which reads no configuration. */
  static async open({ socket, command, environment }: TerminalOptions): Promise<Terminal> {
    const terminal = new Terminal(socket);
    // High enough that nothing of interest scrolls away, wide enough that nothing is wrapped.
    const size = ['-x', '220', '-y', '100'];
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    await terminal.#tmux('new-session', '-d', '-s', 'main', ...size, 'env', '-i', ...variables, ...command);
    return terminal;
  }

  /** Types a line and presses Enter. */
  async type(line: string): Promise<void> {
    await this.#tmux('send-keys', '-t', 'main', '-l', '--', line);
    await this.#tmux('send-keys', '-t', 'main', 'Enter');
  }

  /** The lines on the screen, without what is empty. */
  async lines(): Promise<readonly string[]> {
    const { stdout } = await this.#tmux('capture-pane', '-p', '-t', 'main');
    return stdout.split('\n').flatMap((line) => line.trimEnd() || []);
  }

  /** Waits until a line is on the screen; gives it. */
  async shows(pattern: RegExp): Promise<string> {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const lines = await this.lines();
      const found = lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`${String(pattern)} is not on the screen:\n${lines.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** How many lines on the screen match. */
  async count(pattern: RegExp): Promise<number> {
    return (await this.lines()).filter((line) => pattern.test(line)).length;
  }

  /** Ends the program, and the tmux with it. */
  async close(): Promise<void> {
    await this.#tmux('kill-server');
  }

  #tmux(...args: string[]): Promise<{ stdout: string }> {
    return run('tmux', ['-S', this.#socket, '-f', '/dev/null', ...args]);
  }
}
