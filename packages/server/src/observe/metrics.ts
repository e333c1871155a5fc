/**
 * All metrics of the server, and what the code that counts sees of them. Nothing here knows the library behind: the core
 * is given a `Metrics` and adds to plain fields, `metrics.stanzasIn.message.inc()`.
 */
import { FAILURE_REASONS } from '../federation/failure.ts';

/** A number that only grows. */
export interface Counter {
  inc(by?: number): void;
}

/** A number that goes up and down. */
export interface Gauge {
  inc(by?: number): void;
  dec(by?: number): void;
  set(value: number): void;
}

/** How values spread. */
export interface Histogram {
  observe(value: number): void;
}

type Kind = 'counter' | 'gauge' | 'histogram';

/** A metric: with `values`, one child for each value of its label. */
export interface MetricDeclaration<K extends Kind = Kind, V extends string = string> {
  readonly kind: K;
  /** Its name for Prometheus. */
  readonly name: string;
  readonly help: string;
  readonly label?: string;
  readonly values?: readonly V[];
  /** Upper bounds, of a histogram. */
  readonly buckets?: readonly number[];
}

function counter(name: string, help: string): MetricDeclaration<'counter', never> {
  return { kind: 'counter', name, help };
}

function gauge(name: string, help: string): MetricDeclaration<'gauge', never> {
  return { kind: 'gauge', name, help };
}

function histogram(name: string, help: string, buckets: readonly number[]): MetricDeclaration<'histogram', never> {
  return { kind: 'histogram', name, help, buckets };
}

function countersBy<const V extends string>(name: string, help: string, label: string, values: readonly V[]) {
  return { kind: 'counter', name, help, label, values } as const satisfies MetricDeclaration<'counter', V>;
}

function gaugesBy<const V extends string>(name: string, help: string, label: string, values: readonly V[]) {
  return { kind: 'gauge', name, help, label, values } as const satisfies MetricDeclaration<'gauge', V>;
}

const TRANSPORTS = ['tcp', 'tls', 'websocket', 'bosh'] as const;
/** Steps of `tutti_sessions_lagging`, in rows. */
export const LAGS = ['1', '10', '100', '1000', '10000'] as const;
const STANZAS = ['message', 'presence', 'iq'] as const;
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

/** Every metric, by the name the code uses. */
export const METRICS = {
  connections: gaugesBy('tutti_connections', 'Open client connections.', 'transport', TRANSPORTS),
  connectionsOpened: countersBy(
    'tutti_connections_opened_total',
    'Client connections accepted.',
    'transport',
    TRANSPORTS,
  ),
  connectionsRefused: countersBy('tutti_connections_refused_total', 'Client connections refused by a limit.', 'limit', [
    'connections_per_address',
    'unauthenticated_connections',
    'unauthenticated_per_address',
    'unauthenticated_timeout',
  ]),
  sessions: gaugesBy(
    'tutti_sessions',
    'Bound sessions: connected with IM-NG, connected without, and waiting for resumption.',
    'kind',
    ['im-ng', 'legacy', 'hibernated'],
  ),
  sessionsResumed: counter('tutti_sessions_resumed_total', 'Sessions resumed by stream management (XEP-0198).'),
  logins: countersBy('tutti_logins_total', 'Successful logins.', 'mechanism', [
    'SCRAM-SHA-1',
    'SCRAM-SHA-256',
    'SCRAM-SHA-512',
    'PLAIN',
    'FAST',
  ]),
  authFailures: countersBy('tutti_auth_failures_total', 'Failed logins.', 'reason', [
    'not-authorized',
    'malformed-request',
    'invalid-mechanism',
    'aborted',
    'throttled',
    'other',
  ]),
  registrations: counter('tutti_registrations_total', 'Accounts registered by clients (XEP-0077).'),
  stanzasIn: countersBy('tutti_stanzas_received_total', 'Stanzas received from clients.', 'kind', STANZAS),
  stanzasOut: countersBy('tutti_stanzas_sent_total', 'Stanzas sent to clients.', 'kind', STANZAS),
  bytesIn: counter('tutti_received_bytes_total', 'Bytes received from clients, decrypted.'),
  bytesOut: counter('tutti_sent_bytes_total', 'Bytes sent to clients, before encryption.'),
  messagesByRule: countersBy('tutti_messages_total', 'Messages by the rule that classified them (XEP-0409).', 'rule', [
    'C1',
    'C2',
    'C3',
    'C4',
    'C5',
    'C6',
  ]),
  logBatchRows: histogram(
    'tutti_log_batch_rows',
    'Rows in one commit of the log.',
    [1, 2, 5, 10, 20, 50, 100, 250, 500, 1000],
  ),
  logCommitSeconds: histogram('tutti_log_commit_seconds', 'How long one commit of the log took.', SECONDS),
  logAppendSeconds: histogram(
    'tutti_log_append_seconds',
    'From append to commit, waiting for the batch included; once for what came in one turn.',
    SECONDS,
  ),
  logFailures: counter('tutti_log_failures_total', 'Units (a message and its copies) that the log could not commit.'),
  uploads: countersBy(
    'tutti_uploads_total',
    'Files put to this server (XEP-0363): stored, refused to the client, or failed here.',
    'outcome',
    ['stored', 'refused', 'failed'],
  ),
  uploadedBytes: counter('tutti_uploaded_bytes_total', 'Bytes of the files stored.'),
  pushes: countersBy(
    'tutti_pushes_total',
    'Notifications published to app servers (XEP-0357), by what these answered.',
    'outcome',
    ['taken', 'refused'],
  ),
  outboxOverflows: counter('tutti_outbox_overflows_total', 'Times a slow session was turned over to the archive.'),
  outboxMessages: gauge('tutti_departures', 'Messages that wait for other servers, components and services.'),
  outboxBytes: gauge('tutti_departures_bytes', 'Bytes of the messages that wait.'),
  outboxDomains: gauge('tutti_departures_domains', 'Domains that messages wait for.'),
  outboxLeft: countersBy(
    'tutti_departures_total',
    'Messages that have left: taken by the other side, returned to their sender as undeliverable, or unreadable.',
    'how',
    ['sent', 'returned', 'lost'],
  ),
  outboxRefused: counter('tutti_departures_refused_total', 'Messages refused because too many waited already.'),
  components: gauge('tutti_components', 'Open connections of external components (XEP-0114).'),
  componentStanzasIn: countersBy(
    'tutti_component_stanzas_received_total',
    'Stanzas received from components.',
    'kind',
    STANZAS,
  ),
  componentStanzasOut: countersBy('tutti_component_stanzas_sent_total', 'Stanzas sent to components.', 'kind', STANZAS),
  divergence: countersBy(
    'tutti_divergence_total',
    'Times a session was sent, or acknowledged, what does not fit its archive. Anything but 0 is a bug of the server.',
    'kind',
    ['repeated', 'gap', 'acknowledged'],
  ),
  lagMax: gauge('tutti_session_lag_rows_max', 'Rows of the archive that the IM-NG session farthest behind lacks.'),
  lagging: gaugesBy(
    'tutti_sessions_lagging',
    'IM-NG sessions that lack at least so many rows of their archive.',
    'rows',
    LAGS,
  ),
  throttled: countersBy('tutti_throttled_total', 'Times a session was read slower than it sent.', 'limit', [
    'stanzas',
    'bytes',
  ]),
  s2sConnections: gaugesBy(
    'tutti_s2s_connections',
    'Connections with other servers, by who made them; pending: not authenticated yet.',
    'state',
    ['in', 'in_pending', 'out', 'out_pending'],
  ),
  s2sAuthenticated: countersBy(
    'tutti_s2s_authenticated_total',
    'Domains proved on connections with other servers, by method and by who made the connection.',
    'method',
    ['external_in', 'external_out', 'dialback_in', 'dialback_out'],
  ),
  s2sFailures: countersBy(
    'tutti_s2s_failures_total',
    'Connections with other servers that failed before they were authenticated, and stanzas refused.',
    'reason',
    FAILURE_REASONS,
  ),
  s2sStanzasIn: countersBy('tutti_s2s_stanzas_received_total', 'Stanzas received from other servers.', 'kind', STANZAS),
  s2sStanzasOut: countersBy('tutti_s2s_stanzas_sent_total', 'Stanzas sent to other servers.', 'kind', STANZAS),
  s2sThrottled: counter('tutti_s2s_throttled_total', 'Times another server was read slower than it sent.'),
  stanzaErrors: counter('tutti_stanza_errors_total', 'Stanza errors sent to clients.'),
  streamErrors: countersBy(
    'tutti_stream_errors_total',
    'Stream errors sent to clients (RFC 6120 §4.9.3).',
    'condition',
    [
      'bad-format',
      'bad-namespace-prefix',
      'conflict',
      'connection-timeout',
      'host-unknown',
      'improper-addressing',
      'internal-server-error',
      'invalid-from',
      'invalid-namespace',
      'invalid-xml',
      'not-authorized',
      'not-well-formed',
      'policy-violation',
      'reset',
      'resource-constraint',
      'restricted-xml',
      'system-shutdown',
      'undefined-condition',
      'unsupported-encoding',
      'unsupported-stanza-type',
      'unsupported-version',
    ],
  ),
} as const;

type Instrument<K extends Kind> = K extends 'counter' ? Counter : K extends 'gauge' ? Gauge : Histogram;

type Instruments<D> =
  D extends MetricDeclaration<infer K, infer V>
    ? [V] extends [never]
      ? Instrument<K>
      : { readonly [Value in V]: Instrument<K> }
    : never;

/** What the server counts, by name: `metrics.sessions['im-ng'].inc()`. */
export type Metrics = { readonly [Name in keyof typeof METRICS]: Instruments<(typeof METRICS)[Name]> };

/** What one instrument is made by. */
export type InstrumentMaker = (
  declaration: MetricDeclaration,
  value: string | undefined,
) => Counter & Gauge & Histogram;

/** Makes all metrics out of one maker. */
export function buildMetrics(make: InstrumentMaker): Metrics {
  const entries = Object.entries<MetricDeclaration>(METRICS).map(([name, declaration]) => {
    const { values } = declaration;
    if (values === undefined) return [name, make(declaration, undefined)] as const;
    return [name, Object.fromEntries(values.map((value) => [value, make(declaration, value)]))] as const;
  });
  return Object.fromEntries(entries) as Metrics;
}

const NOTHING = { inc() {}, dec() {}, set() {}, observe() {} };

/** Metrics that count nothing, for tests, the simulator and servers without /metrics. */
export const noMetrics: Metrics = buildMetrics(() => NOTHING);

/** Counts a stanza by its kind; anything else is no stanza and does not count. */
export function countStanza(counters: Metrics['stanzasIn'], name: string): void {
  if (name === 'message' || name === 'presence' || name === 'iq') counters[name].inc();
}

/** Counts a message by the rule that classified it. */
export function countRule(metrics: Metrics, rule: string): void {
  const counters: Readonly<Record<string, Counter | undefined>> = metrics.messagesByRule;
  counters[rule]?.inc();
}
