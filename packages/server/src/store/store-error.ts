/** Which promise of the schema a statement would have broken. */
export type Constraint = 'unique' | 'foreign-key' | 'not-null' | 'check';

/** SQLite's extended result codes of broken constraints. */
const CONSTRAINTS: Readonly<Record<number, Constraint>> = {
  275: 'check',
  787: 'foreign-key',
  1299: 'not-null',
  1555: 'unique', // primary key
  2067: 'unique',
};

/** A statement of the store failed; it changed nothing. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  /** SQLite's extended result code; 0 when it isn't SQLite that failed. */
  readonly code: number;
  /** Set when it was a constraint. */
  readonly constraint: Constraint | undefined;

  constructor(message: string, code = 0, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.constraint = CONSTRAINTS[code];
  }
}

/** Any failure as a StoreError, the original as its cause. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { message, errcode } = error as { message?: unknown; errcode?: unknown };
  return new StoreError(String(message ?? error), typeof errcode === 'number' ? errcode : 0, { cause: error });
}
