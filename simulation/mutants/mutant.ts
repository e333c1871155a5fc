/** One change of a source file; `find` stands in it exactly once. */
export interface Edit {
  /** Below `packages/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A planted bug. */
export interface Mutant {
  readonly name: string;
  /** The worlds that have to catch it; absent: the first kind. */
  readonly worlds?: 'first' | 'remote';
  /** It shows in one world of ten thousand: the first seed to play, not far from one in which it was once found; absent: as asked for. */
  readonly from?: number;
  readonly edits: readonly Edit[];
}

/** A bug that is one change. */
export function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [{ file, find, replace }] };
}
