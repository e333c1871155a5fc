import type { SaslError } from '@tutti/xmpp';
import { TooManyFailures } from '../stream/sasl/throttle.ts';
import type { StreamObserver } from '../stream/observer.ts';
import type { Counter, Metrics } from './metrics.ts';

/** Counts what happens on the streams of one transport. */
export function observeStreams(metrics: Metrics, transport: keyof Metrics['connections']): StreamObserver {
  const open = metrics.connections[transport];
  const opened = metrics.connectionsOpened[transport];
  const { bytesIn, bytesOut, throttled, connectionsRefused } = metrics;
  const logins: Readonly<Record<string, Counter | undefined>> = metrics.logins;
  const streamErrors: Readonly<Record<string, Counter | undefined>> = metrics.streamErrors;
  return {
    opened() {
      open.inc();
      opened.inc();
    },
    closed: () => open.dec(),
    timedOut: () => connectionsRefused.unauthenticated_timeout.inc(),
    loggedIn: (mechanism) => logins[nameMechanism(mechanism)]?.inc(),
    loginFailed: (error) => countFailure(metrics.authFailures, error),
    received: (bytes) => bytesIn.inc(bytes),
    sent: (bytes) => bytesOut.inc(bytes),
    slowed: () => throttled.bytes.inc(),
    failed: (condition) => streamErrors[condition]?.inc(),
  };
}

/** With or without channel binding; all mechanisms of tokens are one. */
function nameMechanism(name: string): string {
  return name.startsWith('HT-') ? 'FAST' : name.replace(/-PLUS$/, '');
}

function countFailure(failures: Metrics['authFailures'], error: SaslError): void {
  const counters: Readonly<Record<string, Counter | undefined>> = failures;
  const reason = error instanceof TooManyFailures ? 'throttled' : error.condition;
  (counters[reason] ?? failures.other).inc();
}
