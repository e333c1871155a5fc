/** Runs `tutti explain` in a test. */
import type { Services } from '../src/cli/services.ts';
import type { FakeIoOptions } from './fake-io.ts';
import { type Result, runProgram } from './run-program.ts';

const refuse = (): Promise<never> => Promise.reject(new Error('explain needs no server and no data'));
const services: Services = { createServer: refuse, openAccounts: refuse, describeDatabase: refuse };

/** What a command line writes, and how it ends. */
export function runExplain(args: readonly string[], options: Partial<FakeIoOptions> = {}): Promise<Result> {
  return runProgram(['explain', ...args], { cwd: '/', ...options }, services);
}
