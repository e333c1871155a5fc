/** Gets a password: from standard input, or from the person at the terminal without showing it. */
import { CliError, EXIT } from './exit.ts';
import type { Io } from './io.ts';

const LONGEST_INPUT = 65_536;

/**
 * Gets a password for an account.
 * @param options.stdin read all of standard input; one line end at its end is not part of the password
 * @throws CliError when there is nobody to ask, or the person gives up
 */
export async function getPassword(io: Io, jid: string, options: { readonly stdin: boolean }): Promise<string> {
  if (options.stdin) return await readAll(io);
  if (io.stdin.isTTY !== true) {
    throw new CliError('there is no terminal to ask for the password; give it with --password-stdin', EXIT.usage);
  }
  return await askTwice(io, jid);
}

async function readAll(io: Io): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of io.stdin) {
    chunks.push(Buffer.from(chunk as Uint8Array | string));
    length += chunks.at(-1)?.length ?? 0;
    if (length > LONGEST_INPUT) throw new CliError('standard input is too long to be a password');
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

/** The dialogue is on standard error: standard output may be going into a file. */
async function askTwice({ stdin: input, stderr: output }: Io, jid: string): Promise<string> {
  const { isCancel, password } = await import('@clack/prompts');
  const first = await password({
    input,
    output,
    message: `Password for ${jid}`,
    validate: (text) => ((text ?? '') === '' ? 'A password cannot be empty.' : undefined),
  });
  if (isCancel(first)) throw new CliError('nothing was changed');
  const again = await password({
    input,
    output,
    message: 'The same again',
    validate: (text) => (text === first ? undefined : 'The two differ; Ctrl-C to begin again.'),
  });
  if (isCancel(again)) throw new CliError('nothing was changed');
  return first;
}
