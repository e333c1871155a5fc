/** A session of an account, as far as deliveries depend on it. */
export interface SessionFacts {
  /** Its number in the record. */
  readonly session: number;
  readonly resource: string;
  readonly imNg: boolean;
  readonly carbons: boolean;
  /** Undefined: it has sent no presence. */
  readonly priority: number | undefined;
}

/** An account at one moment. */
export interface AccountFacts {
  readonly jid: string;
  readonly sessions: readonly SessionFacts[];
  /** Addresses that it blocks, among those of this world. */
  readonly blocks: ReadonlySet<string>;
  /** Addresses with whom it does not archive. */
  readonly unarchived: ReadonlySet<string>;
}
