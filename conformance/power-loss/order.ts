import type { Durability } from './commits.ts';
import type { Evidence } from './evidence.ts';
import type { Recording } from './recording.ts';

/** One that was told before it was durable. */
export interface Violation {
  readonly evidence: Evidence;
  readonly durability: Durability | undefined;
}

/** What was told before the fsync had returned that made it durable (I3). */
export function findViolations(
  evidence: readonly Evidence[],
  durability: ReadonlyMap<string, Durability>,
): Violation[] {
  return evidence
    .map((one) => ({ evidence: one, durability: durability.get(one.token) }))
    .filter(({ evidence: { line }, durability: known }) => known === undefined || !(known.synced < line));
}

/** A violation in one line, with the lines of the trace. */
export function describeViolation({ evidence, durability }: Violation): string {
  const { token, how, to, line } = evidence;
  const told = `${token} was ${how} to ${to} at line ${line}`;
  if (durability === undefined) return `${told}, and is in no committed frame of the WAL`;
  const { written, committed, syncBegin, synced } = durability;
  const sync = synced === Infinity ? 'never synced' : `synced at ${syncBegin}..${synced}`;
  return `${told}, written at ${written}, committed at ${committed}, ${sync}`;
}

/** The table of all messages: where each was written, committed, synced, and first shown and acknowledged. */
export function formatTable(evidence: readonly Evidence[], durability: ReadonlyMap<string, Durability>): string {
  const first = new Map<string, number>();
  for (const { token, how, line } of evidence) {
    const key = `${token} ${how}`;
    first.set(key, Math.min(line, first.get(key) ?? Infinity));
  }
  const rows = [...durability].map(([token, { written, committed, syncBegin, synced }]) => [
    token,
    written,
    committed,
    syncBegin,
    synced,
    first.get(`${token} shown`) ?? '-',
    first.get(`${token} acknowledged`) ?? '-',
  ]);
  return [['message', 'frame', 'commit', 'fsync', 'fsynced', 'shown', 'acked'], ...rows]
    .map(([token, ...lines]) => String(token).padEnd(20) + lines.map((line) => String(line).padStart(10)).join(''))
    .join('\n');
}

/** Files of the log, and folders that lead to them, whose name no fsync had made durable when somebody was told of a message. */
export function findNamesAtRisk({ calls, evidence, disk, log }: Recording): string[] {
  const found = new Set<string>();
  const replay = disk();
  let next = 0;
  for (const line of new Set(evidence.map((one) => one.line))) {
    for (let call = calls[next]; call !== undefined && call.begin <= line; call = calls[++next]) replay.apply(call);
    for (const path of replay.namesAtRisk(line)) if (`${log}-wal`.startsWith(path)) found.add(path);
  }
  return [...found];
}
