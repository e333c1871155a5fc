import type { Screen } from './screen.ts';

/** How a device takes part: with IM-NG, or as a client of today with Carbons. */
export type Mode = 'im-ng' | 'carbons';

/** Where and as whom a device logs in. */
export interface Login {
  readonly domain: string;
  /** Bare JID. */
  readonly account: string;
  readonly password: string;
  readonly resource: string;
  readonly mode: Mode;
  /** Ports of the server on 127.0.0.1. */
  readonly tcp: number;
  readonly http: number;
}

/** A device run by somebody else's client library. */
export interface Participant {
  readonly screen: Screen;
  /** Logs in, switches IM-NG or Carbons on, sends presence. */
  join(): Promise<void>;
  say(to: string, body: string): Promise<void>;
  /** Asks the archive for everything after an id; the screen shows it when this resolves. */
  catchUp(after: string | undefined): Promise<void>;
  leave(): Promise<void>;
}

/** Waits until something is so; tests wait for events, never for a time. */
export async function until(isSo: () => boolean, describe: () => string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`still not so after 15 s: ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
