/** Bounds of a SQLite log; 0 = none. */
export interface SqliteLogLimits {
  /** Rows and stanza bytes after which a batch is full and the next one begins. */
  readonly batchRows: number;
  readonly batchBytes: number;
  /** Stanza bytes that may wait for their commit (a disk that hangs); units beyond fail. */
  readonly pendingBytes: number;
  /** Bytes of one stanza. */
  readonly stanzaBytes: number;
  /** Size of the file in pages of 4 KiB. */
  readonly maxPages: number;
  /**
   * Size of the WAL in pages of 4 KiB at which a commit takes the time to move them to the file; the reader does so from a quarter of that on. The WAL's
   * file passes it by one batch, and by what is written during a read that takes long. At least 4.
   */
  readonly walPages: number;
}

/** Default limits. */
export const SQLITE_LOG_LIMITS: SqliteLogLimits = {
  batchRows: 1024,
  batchBytes: 4 << 20,
  pendingBytes: 64 << 20,
  stanzaBytes: 16 << 20,
  maxPages: 0,
  walPages: 16_000,
};

/** Whether a value is past a bound. */
export function exceeds(value: number, bound: number): boolean {
  return bound > 0 && value > bound;
}

/** Whether a value has come to a bound. */
export function reaches(value: number, bound: number): boolean {
  return bound > 0 && value >= bound;
}
