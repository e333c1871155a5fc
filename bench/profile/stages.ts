import type { Stage } from '../report/profile.ts';

/** What of a .cpuprofile is used here. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
  readonly startTime: number;
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/**
 * Stages by the function that begins them: a sample belongs to the innermost of these functions on its stack. A name is a function's, and where it
 * could be several a part of its file's path goes before it.
 */
const STAGES: readonly (readonly [stage: string, ...functions: string[]])[] = [
  ['read the socket', 'socket-transport onData', 'onStreamRead'],
  ['parse', 'stream-parser next', 'stream-parser write'],
  ['session in', 'Session receive', 'session.ts receive', 'inbound #run'],
  ['decide (route and plan)', 'messages.ts route', 'messages.ts #plan', 'message-job #decide'],
  ['make the rows', 'message-job rows', 'messages.ts #commit'],
  ['hand to the log', 'sqlite-log append', 'sqlite-log #flush'],
  ['answer from the log', 'sqlite-log #finish', 'log/sqlite/thread #receive'],
  ['deliver: choose and add ids', 'messages.ts #deliver', 'local-account show'],
  ['deliver: serialize once', 'outgoing bytes'],
  ['deliver: queue to sessions', 'outbox #write', 'outbox #put', 'wire #put', 'socket-transport write'],
  ['write the sockets', 'socket-transport flush'],
  ['commit: rows and fsync', 'writer commit'],
  ['checkpoint', 'reader checkpoint'],
];

const OUTSIDE = 'the rest (event loop, message ports)';
const GARBAGE = 'garbage collection';

/** Microseconds of each stage for one of `count` messages; samples before `from` (microseconds since the start) do not count. */
export function sumStages({ nodes, samples, timeDeltas }: CpuProfile, count: number, from: number): Stage[] {
  const stageOf = findStages(nodes);
  const sums = new Map<string, number>();
  let at = 0;
  samples.forEach((id, index) => {
    const delta = timeDeltas[index] ?? 0;
    at += delta;
    const stage = stageOf.get(id);
    if (at >= from && stage !== undefined) sums.set(stage, (sums.get(stage) ?? 0) + delta);
  });
  const order = [...STAGES.map(([name]) => name), GARBAGE, OUTSIDE];
  return order.flatMap((name) => (sums.has(name) ? { name, micros: (sums.get(name) as number) / count } : []));
}

/** The stage of each node; none for a thread that waits. */
function findStages(nodes: readonly ProfileNode[]): Map<number, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const stages = new Map<number, string>();
  const visit = (id: number, outer: string): void => {
    const node = byId.get(id);
    if (node === undefined || node.callFrame.functionName === '(idle)') return;
    const stage = node.callFrame.functionName === '(garbage collector)' ? GARBAGE : (nameStage(node) ?? outer);
    stages.set(id, stage);
    for (const child of node.children ?? []) visit(child, stage);
  };
  if (nodes[0] !== undefined) visit(nodes[0].id, OUTSIDE);
  return stages;
}

function nameStage({ callFrame: { functionName, url } }: ProfileNode): string | undefined {
  const found = STAGES.find(([, ...functions]) =>
    functions.some((text) => {
      const [path = '', name] = text.includes(' ') ? text.split(' ') : ['', text];
      return name === functionName && url.includes(path);
    }),
  );
  return found?.[0];
}
