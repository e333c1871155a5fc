/** One step of `npm test`: a command, and for a vitest suite the name of its project. */
export interface Step {
  readonly name: string;
  readonly group: 'lint' | 'types' | 'simulation' | 'tests';
  readonly command: readonly string[];
  /** Whether its output is worth reading also when it passes (warnings). */
  readonly talks?: true;
}

/** Everything `npm test` runs. Checks are quick and run two at a time; suites use both cores and run one by one. */
export const steps: readonly Step[] = [
  { name: 'format', group: 'lint', command: ['biome', 'format', '--reporter=summary', '.'] },
  { name: 'oxlint', group: 'lint', command: ['oxlint', '--type-aware'] },
  { name: 'architecture', group: 'lint', command: ['depcruise', 'packages', 'conformance', 'simulation', 'scripts'] },
  { name: 'knip', group: 'lint', command: ['knip', '--no-config-hints'] },
  { name: 'length', group: 'lint', command: ['node', 'scripts/check-length.ts'], talks: true },
  { name: 'types', group: 'types', command: ['tsc', '-p', '.'] },
  { name: 'types-web', group: 'types', command: ['tsc', '-p', 'packages/web', '--noEmit'] },
  // What the published packages say of themselves: a link that leads nowhere is an error.
  {
    name: 'api-docs',
    group: 'types',
    command: ['docs/api/node_modules/.bin/typedoc', '--options', 'docs/api/typedoc.json', '--emit', 'none'],
  },
  {
    name: 'worlds',
    group: 'simulation',
    command: ['node', '--conditions=source', 'simulation/cli.ts', '--seeds', '2000'],
    talks: true,
  },
  {
    name: 'worlds-remote',
    group: 'simulation',
    command: ['node', '--conditions=source', 'simulation/remote/cli.ts', '--seeds', '500'],
    talks: true,
  },
  {
    name: 'worlds-rooms',
    group: 'simulation',
    command: ['node', '--conditions=source', 'simulation/rooms/cli.ts', '--seeds', '500'],
    talks: true,
  },
  {
    name: 'mutants-rooms',
    group: 'simulation',
    command: ['node', '--conditions=source', 'simulation/rooms/cli.ts', '--mutants', '--seeds', '100'],
    talks: true,
  },
  {
    name: 'worlds-pep',
    group: 'simulation',
    command: ['node', '--conditions=source', 'simulation/pep/cli.ts', '--seeds', '200'],
    talks: true,
  },
  {
    name: 'mutants-pep',
    group: 'simulation',
    command: ['node', '--conditions=source', 'simulation/pep/cli.ts', '--mutants', '--seeds', '30'],
  },
  {
    name: 'mutants',
    group: 'simulation',
    command: ['node', '--conditions=source', 'simulation/mutants/cli.ts', '--jobs', '1'],
  },
  { name: 'unit', group: 'tests', command: ['vitest', 'run', '--project', 'unit'] },
  { name: 'browser', group: 'tests', command: ['vitest', 'run', '--project', 'browser'] },
  { name: 'simulator', group: 'tests', command: ['vitest', 'run', '--project', 'simulator'] },
  { name: 'conformance', group: 'tests', command: ['vitest', 'run', '--project', 'conformance'] },
  { name: 'clients', group: 'tests', command: ['vitest', 'run', '--project', 'clients'] },
  { name: 'load', group: 'tests', command: ['vitest', 'run', '--project', 'load'] },
  { name: 'repository', group: 'tests', command: ['vitest', 'run', '--project', 'repository'] },
];

/** What `--only` may name: groups and steps. */
export const stepNames: readonly string[] = [...new Set(steps.flatMap((step) => [step.group, step.name]))];

/** The steps chosen by names of steps and groups; all of them without. */
export function chooseSteps(wanted: readonly string[] | undefined): readonly Step[] {
  return steps.filter(({ name, group }) => wanted?.some((one) => one === name || one === group) ?? true);
}
