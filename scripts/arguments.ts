import { parseArgs, type ParseArgsConfig } from 'node:util';

const HELP_OPTION = { help: { type: 'boolean', short: 'h' } } as const;

/**
 * The arguments of this process as `node:util` parses them. `--help` prints `help` and ends the process with 0; what it does not know ends it with
 * 2 (as `tutti` does) and a line on standard error instead of a stack trace.
 */
export function parseArguments<const T extends ParseArgsConfig>(
  help: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    const parsed = parseArgs({ ...config, options: { ...config.options, ...HELP_OPTION } });
    if ((parsed.values as { readonly help?: boolean }).help !== true) return parsed as ReturnType<typeof parseArgs<T>>;
  } catch (error) {
    console.error(`${(error as Error).message}\n--help tells what there is`);
    process.exit(2);
  }
  process.stdout.write(help);
  process.exit(0);
}

/** A whole number from an option; ends the process like an unknown option does when it is none, or less than `least`. */
export function readCount(name: string, text: string, least = 0): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  console.error(`--${name} takes a whole number of at least ${least}, not ${text}`);
  process.exit(2);
}

/** Names from an option, separated by commas; ends the process like an unknown option does when one is not `known`. */
export function readNames<const T extends string>(name: string, text: string, known: readonly T[]): readonly T[] {
  return text.split(',').map((wanted) => {
    const found = known.find((one) => one === wanted);
    if (found !== undefined) return found;
    console.error(`--${name} takes ${known.join(', ')}, separated by commas, not ${wanted}`);
    process.exit(2);
  });
}
