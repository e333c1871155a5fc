/** The log: one JSON object a line, by pino. */
import { closeSync, openSync } from 'node:fs';
import { pino, type DestinationStream, type Level, type Logger as PinoLogger } from 'pino';
import type { Logger } from '../environment.ts';
import { LineBuffer } from './line-buffer.ts';
import { describeForLog } from './redact.ts';

export type LogLevel = Level | 'silent';

/** A logger with the means to change and end it. */
export interface RootLogger extends Logger {
  setLevel(level: LogLevel): void;
  /** Writes out what waits and closes the file, if it is one. Later lines are lost. */
  close(): void;
}

/** Where lines go and which. */
export interface LogOptions {
  readonly level: LogLevel;
  /** "stderr", "stdout" or a file, which is appended to. */
  readonly output: string;
}

/**
 * Makes the log of a server. Whatever is logged passes describeForLog(): no bodies, no secrets.
 * @param destination takes the place of `output`, for tests
 * @throws an error of the file system when the file cannot be opened
 */
export function createLogger({ level, output }: LogOptions, destination?: DestinationStream): RootLogger {
  const target = destination ?? openOutput(output);
  const root = pino(
    {
      level,
      base: null, // one process, one log: pid and host name are the collector's business
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'message',
      serializers: { err: (err: unknown) => err }, // describeForLog() has already been there
      formatters: {
        level: (label) => ({ level: label }),
        log: describeForLog,
      },
    },
    target,
  );
  return {
    ...wrap(root),
    setLevel: (next) => {
      root.level = next;
    },
    close: () => {
      if ('close' in target) (target as { close(): void }).close();
    },
  };
}

/** Children share the level of their root, also after it has changed. */
function wrap(logger: PinoLogger, root: PinoLogger = logger): Logger {
  const isOn = (level: Level): boolean => (root.levels.values[level] ?? 0) >= root.levelVal;
  return {
    debug: (fields, message) => isOn('debug') && logger.debug(fields, message),
    info: (fields, message) => isOn('info') && logger.info(fields, message),
    warn: (fields, message) => isOn('warn') && logger.warn(fields, message),
    error: (fields, message) => isOn('error') && logger.error(fields, message),
    child: (fields) => wrap(logger.child(describeForLog(fields), { level: 'trace' }), root),
  };
}

/**
 * A line is written at once, unless another has been so short a time before: on a busy server a write for each line is a good part of the
 * work. What waits is written when the process ends, so that the last words of a crash are not lost. A log that cannot be written is no reason
 * to turn everybody away: it is told once on standard error, and the lines are tried again with the next ones.
 */
function openOutput(output: string): DestinationStream & { close(): void } {
  const isFile = output !== 'stdout' && output !== 'stderr';
  const fd = isFile ? openSync(output, 'a', 0o640) : output === 'stdout' ? 1 : 2;
  const stream = pino.destination({ fd, sync: true });
  let isTold = false;
  stream.on('error', (error: Error) => {
    if (isFile && !isTold) process.stderr.write(`tutti: the log ${output} cannot be written: ${error.message}\n`);
    isTold = true;
  });
  const lines = new LineBuffer((text) => stream.write(text));
  return {
    write: (line) => lines.write(line),
    close: () => {
      lines.close();
      if (isFile) closeSync(fd);
    },
  };
}
