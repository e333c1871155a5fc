/**
 * What the core takes from outside, so that a simulator can run it: time, chance, and where it reports to.
 * Nothing under `router/`, `session/` or `log/log.ts` reads a clock, a random source or a socket of its own.
 */

/** A pending call of `Clock.after`. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. May jump: never subtract two readings to measure a duration. */
  now(): number;
  /** Calls `run` once after `ms` milliseconds of elapsed time. */
  after(ms: number, run: () => void): Timer;
}

export interface Random {
  bytes(length: number): Uint8Array;
}

/** One JSON line per call; `fields` never holds message bodies or secrets. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** An unguessable identifier of `length` characters, 6 random bits each (default 96 bits). */
export function randomId(random: Random, length = 16): string {
  let id = '';
  for (const byte of random.bytes(length)) id += URL_SAFE[byte & 63];
  return id;
}
