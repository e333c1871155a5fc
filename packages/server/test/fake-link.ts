import { type Element, NS, type StanzaCondition } from '@tutti/xmpp';
import { type Link, RemoteFailure } from '../src/federation/remote.ts';

/** A stanza that was handed to a fake link. */
export interface Sent {
  readonly from: string;
  readonly to: string;
  readonly stanza: Element;
  readonly settle: (failure?: RemoteFailure) => void;
}

/** A link that remembers what it was given, and settles it when it is told to. */
export class FakeLink implements Link {
  /** `taken`: at once; `held`: not before `settle`; a failure: with it. */
  mood: 'taken' | 'held' | RemoteFailure = 'taken';
  readonly sent: Sent[] = [];
  /** Held, and not settled yet. */
  readonly held: Sent[] = [];

  send(from: string, to: string, stanza: Element, settled: (failure?: RemoteFailure) => void): void {
    const sent = { from, to, stanza, settle: settled };
    this.sent.push(sent);
    const { mood } = this;
    if (mood === 'held') this.held.push(sent);
    else queueMicrotask(() => settled(mood === 'taken' ? undefined : mood));
  }

  /** Settles what is held, from the oldest on: so many, or all. */
  settle(failure?: RemoteFailure, count = this.held.length): void {
    for (const { settle } of this.held.splice(0, count)) settle(failure);
  }

  /** The stanzas handed over since the last call. */
  take(): Element[] {
    return this.sent.splice(0).map(({ stanza }) => stanza);
  }

  /** The bodies of the messages handed over since the last call; `*` behind those that are marked as late (XEP-0203). */
  takeBodies(): string[] {
    const messages = this.take().filter(({ name }) => name === 'message');
    return messages.map((message) => {
      const isLate = message.child('delay', NS.delay) !== undefined;
      return `${message.child('body')?.text() ?? message.attrs['type']}${isLate ? '*' : ''}`;
    });
  }
}

/** It may go well later. */
export function brokenLink(condition: StanzaCondition = 'remote-server-timeout'): RemoteFailure {
  return new RemoteFailure(condition, true, 'the link is broken');
}

/** It never will. */
export function noSuchServer(): RemoteFailure {
  return new RemoteFailure('remote-server-not-found', false, 'there is no such domain');
}
