import type { StanzaCondition } from '@tutti/xmpp';
import { RemoteFailure } from './remote.ts';

/** At which point speaking with another server went wrong; the label of the metric. */
export const FAILURE_REASONS = [
  'policy',
  'dns',
  'connect',
  'timeout',
  'tls',
  'certificate',
  'authentication',
  'host-unknown',
  'stream',
  'closed',
  'queue',
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];

/** What senders are told, and whether it may go well later. */
const MEANINGS: Readonly<Record<FailureReason, readonly [condition: StanzaCondition, temporary: boolean]>> = {
  policy: ['policy-violation', false],
  dns: ['remote-server-not-found', false],
  connect: ['remote-server-timeout', true],
  timeout: ['remote-server-timeout', true],
  tls: ['remote-server-timeout', true],
  certificate: ['remote-server-timeout', true],
  authentication: ['remote-server-timeout', true],
  'host-unknown': ['remote-server-not-found', false],
  stream: ['remote-server-timeout', true],
  closed: ['remote-server-timeout', true],
  queue: ['resource-constraint', true],
};

/** Why there is no connection to another server, or no longer one. The message is for people: the log, `tutti doctor`, the sender. */
export class LinkFailure extends Error {
  override readonly name = 'LinkFailure';
  readonly reason: FailureReason;
  /** It may go well later. */
  readonly temporary: boolean;
  /** The other server has ended the stream because of something that it was sent. */
  readonly isAboutContent: boolean;

  constructor(reason: FailureReason, message: string, temporary = MEANINGS[reason][1], isAboutContent = false) {
    super(message);
    this.reason = reason;
    this.temporary = temporary;
    this.isAboutContent = isAboutContent;
  }

  /** As the outbox above gets it. */
  toRemoteFailure(): RemoteFailure {
    const [condition] = MEANINGS[this.reason];
    const told = this.temporary && condition === 'remote-server-not-found' ? 'remote-server-timeout' : condition;
    return new RemoteFailure(told, this.temporary, this.message);
  }
}

/** Whatever was thrown, as a failure; a fault of ours among them. */
export function toLinkFailure(error: unknown): LinkFailure {
  if (error instanceof LinkFailure) return error;
  return new LinkFailure('stream', error instanceof Error ? error.message : String(error));
}

/** Several targets failed: the one that came farthest tells most, and what is temporary for one is for all. */
export function joinFailures(failures: readonly LinkFailure[]): LinkFailure {
  const ORDER = [
    'host-unknown',
    'authentication',
    'certificate',
    'stream',
    'tls',
    'timeout',
    'closed',
    'connect',
    'dns',
  ];
  const [first] = failures.toSorted((a, b) => ORDER.indexOf(a.reason) - ORDER.indexOf(b.reason));
  if (first === undefined) return new LinkFailure('dns', 'there is no target');
  const text = [...new Set(failures.map(({ message }) => message))].join('; ');
  return new LinkFailure(
    first.reason,
    text,
    failures.some(({ temporary }) => temporary),
  );
}
