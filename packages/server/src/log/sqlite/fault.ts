/** One thing that should hold in the data and doesn't, and where. */
export interface Fault {
  /** What should hold: a name of `RULES`. */
  readonly rule: FaultRule;
  /** Bare JID of the account whose log it is, where it is one's. */
  readonly account?: string | undefined;
  /** The place in that log. */
  readonly seq?: number | undefined;
  /** What was found there. */
  readonly found: string;
}

/** What `tutti verify` examines, in the words that it reports. */
export const RULES = {
  sqlite: 'the file is whole',
  numbering: 'numbers are dense up to the head; what is missing has expired',
  ids: 'every place has an id',
  time: 'time never runs backwards',
  cursor: 'a legacy cursor is not past the head, and nothing past the cursor is owed',
  dedupe: 'a dedupe key belongs to a row',
  stanzas: 'every stanza is named by the rows that it counts',
  orphans: 'everything belongs to something',
  outbox: 'what waits for another server is a message from here to there',
  A4: 'a row is what its stanza says',
  A5: 'no stanza claims an id of its own archive',
  A6: 'both halves of a local conversation are there',
  I5: 'no row for a message to one session',
  accounts: 'every log belongs to an account',
  store: 'the rest of the data belongs to an account',
} as const;

export type FaultRule = keyof typeof RULES;

/** Takes faults as they are found. */
export type Report = (fault: Fault) => void;
