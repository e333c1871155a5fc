/** What the core counts; the wiring gives it somewhere to count to. */
export interface CoreMetrics {
  /** A stanza from a client: `message`, `presence` or `iq`. */
  stanzaIn(kind: string): void;
  /** A stanza to a client. */
  stanzaOut(kind: string): void;
  /** A message was decided by this rule (C1–C6). */
  routed(rule: string): void;
  /** A message was refused past the archive: its address is malformed, or it could not be committed (A3). */
  refused(): void;
  /** Sessions that came (+1) or ended (−1). */
  sessions(change: 1 | -1): void;
}

export const noMetrics: CoreMetrics = {
  stanzaIn() {},
  stanzaOut() {},
  routed() {},
  refused() {},
  sessions() {},
};
