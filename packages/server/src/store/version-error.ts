/** A data file that this version must not touch, because a newer one has written it. The message is one line for a person to read. */
export class DataVersionError extends Error {
  override readonly name = 'DataVersionError';
  /** The file. */
  readonly path: string;
  /** What was found in it that this version doesn't know. */
  readonly found: string;

  constructor(path: string, found: string) {
    super(`${path} was written by a newer version of Tutti (${found}); start that version, or restore a backup`);
    this.path = path;
    this.found = found;
  }
}
