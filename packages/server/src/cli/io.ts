/** What a command sees of the world: its terminal, environment and folder. Tests give their own. */
import type { Readable, Writable } from 'node:stream';

/** One of the two outputs. */
export type Output = Writable & { readonly isTTY?: boolean | undefined };

export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** The real ones. Outputs that nobody reads any more (`tutti config print | head`) are no error. */
export function processIo(): Io {
  const { stdout, stderr, stdin, env } = process;
  for (const output of [stdout, stderr]) {
    output.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  return { stdout, stderr, stdin, env, cwd: process.cwd() };
}

export type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold';

const CODES: Readonly<Record<Colour, readonly [number, number]>> = {
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** Gives a function that colours text for an output: only on a terminal, and not where NO_COLOR is set. */
export function makePaint(output: Output, env: Io['env']): (colour: Colour, text: string) => string {
  const isWanted = output.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return (colour, text) => {
    const [start, end] = CODES[colour];
    return isWanted ? `\u001B[${start}m${text}\u001B[${end}m` : text;
  };
}
