import type { Element } from '@tutti/xmpp';
import type { Channel, Settled } from './channel.ts';

interface Waiting {
  readonly stanza: Element;
  readonly bytes: number;
  readonly settled: Settled;
}

/** One domain of ours and one of another server's: what waits to go there, and over what it goes. */
export interface Pair {
  readonly from: string;
  readonly to: string;
  readonly waiting: Waiting[];
  waitingBytes: number;
  channel: Channel | undefined;
  connecting: boolean;
}

/** Its connection is over, but what became of the last stanzas is not known yet. */
export function isSettling({ channel }: Pair): boolean {
  return channel?.isOpen === false && channel.unsettled > 0;
}

/** The key of a pair of domains. */
export function nameOf(from: string, to: string): string {
  return `${from} ${to}`;
}
