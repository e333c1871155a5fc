/** SQLite's primary result codes that say something about the file or the machine, not about the row: nothing else would succeed either. */
const FILE_ERRORS: ReadonlySet<number> = new Set([
  3, // PERM
  5, // BUSY
  6, // LOCKED
  7, // NOMEM
  8, // READONLY
  9, // INTERRUPT
  10, // IOERR
  11, // CORRUPT
  13, // FULL
  14, // CANTOPEN
  15, // PROTOCOL
  22, // NOLFS
  26, // NOTADB
]);

/** SQLite's extended result codes of an fsync that failed: of a file, of its folder. */
const SYNC_ERRORS: ReadonlySet<number> = new Set([1034, 1290]);

/**
 * Whether an fsync has failed. The kernel may have dropped what it could not write and call it clean (a second fsync says that all is well), so what
 * the file seems to hold is not to be built upon: docs/decisions/0017-after-a-failed-fsync.md.
 */
export function isSyncError(error: unknown): boolean {
  return SYNC_ERRORS.has(readErrorCode(error) ?? 0);
}

/** Whether a failure can be blamed on one unit of a batch. */
export function isRowError(error: unknown): boolean {
  const code = readErrorCode(error);
  return code === undefined || !FILE_ERRORS.has(code & 0xff);
}

/** A failure in one line, with SQLite's extended result code. */
export function describeError(error: unknown): string {
  const code = readErrorCode(error);
  const text = error instanceof Error ? error.message : String(error);
  return code === undefined ? text : `${text} (SQLite ${code})`;
}

function readErrorCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | undefined)?.errcode;
  return typeof code === 'number' ? code : undefined;
}
