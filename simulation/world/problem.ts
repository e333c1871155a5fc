/** Something that must not be. */
export interface Problem {
  /** The rule or invariant. */
  readonly check: string;
  readonly text: string;
}

/** The problems of a world, a line each. */
export function tellProblems(problems: readonly Problem[]): string {
  return problems.map(({ check, text }) => `  ${check}: ${text}`).join('\n');
}
