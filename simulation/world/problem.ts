/** Something that must not be. */
export interface Problem {
  /** The rule or invariant. */
  readonly check: string;
  readonly text: string;
}
