import { run } from '../src/cli/program.ts';
import { type Services, services as real } from '../src/cli/services.ts';
import { fakeIo, type FakeIoOptions } from './fake-io.ts';

/** What a run of the program came to. */
export interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the program with a line as it is typed, or with its words. */
export async function runProgram(
  line: string | readonly string[],
  options: FakeIoOptions,
  services: Services = real,
): Promise<Result> {
  const io = fakeIo(options);
  const words = typeof line === 'string' ? line.split(' ').filter(Boolean) : [...line];
  const code = await run(words, io, services);
  return { code, out: io.stdout.text(), err: io.stderr.text() };
}
