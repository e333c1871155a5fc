/** A terminal for tests: what is typed into it, and what it shows. */
import { PassThrough, Writable } from 'node:stream';
import type { Io, Output } from '../src/cli/io.ts';

/** An output that keeps what is written. */
export type KeptOutput = Output & { readonly text: () => string };

/** What a fake terminal is like. */
export interface FakeIoOptions {
  readonly cwd: string;
  /** Standard input, to its end; without it nothing ever comes and no end either. */
  readonly input?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly terminal?: boolean | undefined;
}

/** Makes an Io whose outputs can be read, and whose input can be typed. */
export function fakeIo({ cwd, input, env = {}, terminal = false }: FakeIoOptions): Io & {
  readonly stdin: PassThrough;
  readonly stdout: KeptOutput;
  readonly stderr: KeptOutput;
} {
  const stdin = Object.assign(new PassThrough(), { isTTY: terminal, setRawMode: () => stdin });
  if (input !== undefined) stdin.end(input);
  return { stdin, stdout: keepOutput(terminal), stderr: keepOutput(terminal), env, cwd };
}

function keepOutput(isTTY: boolean): KeptOutput {
  let text = '';
  const output = new Writable({
    write: (chunk, _, done) => {
      text += String(chunk);
      done();
    },
  });
  return Object.assign(output, { isTTY, text: () => text });
}
