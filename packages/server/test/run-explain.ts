/** Runs `tutti explain` in a test. */
import { run } from '../src/cli/program.ts';
import type { Services } from '../src/cli/services.ts';
import { fakeIo, type FakeIoOptions } from './fake-io.ts';

const refuse = (): Promise<never> => Promise.reject(new Error('explain needs no server and no data'));
const services: Services = { createServer: refuse, openAccounts: refuse, describeDatabase: refuse };

/** What a command line writes, and how it ends. */
export async function runExplain(
  args: readonly string[],
  options: Partial<FakeIoOptions> = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const io = fakeIo({ cwd: '/', ...options });
  const code = await run(['explain', ...args], io, services);
  return { code, out: io.stdout.text(), err: io.stderr.text() };
}
