/** What happens in one world, as plain data: it can be told, shortened and played again. */
export interface Story {
  readonly seed: number;
  readonly settings: Settings;
  readonly accounts: readonly string[];
  readonly steps: readonly Step[];
}

/** The server's settings in a world. */
export interface Settings {
  /** Bytes; small ones make slow sessions soon. */
  readonly outboxBytes: number;
  readonly smUnackedMax: number;
  /** Seconds. */
  readonly smResumeTimeout: number;
  readonly mamPageMax: number;
  readonly policy: 'everything' | 'content';
}

/** Whether sessions in such a world soon have as much as they may. */
export function isTight({ smUnackedMax, outboxBytes }: Settings): boolean {
  return smUnackedMax < 1000 || outboxBytes < 100_000;
}

/** How a device comes. */
export interface Coming {
  /** IM-NG at once (K1), after its presence, or never. */
  readonly imNg: 'at once' | 'later' | 'never';
  readonly carbons: boolean;
  /** Priority of its presence; undefined: it sends none. */
  readonly priority: number | undefined;
  readonly sm: 'none' | 'counts' | 'resumable';
  /** Asks for all of it inside of Bind 2. */
  readonly inline: boolean;
}

/** What is sent. The id of the step that sends it names the message. */
export interface Sending {
  /** Undefined: no address (C7). */
  readonly to: string | undefined;
  readonly type: string | undefined;
  readonly body: boolean;
  readonly marked: boolean;
  readonly originId: boolean;
  readonly extras: readonly Extra[];
  /** Characters of filling. */
  readonly size: number;
}

/** Payloads beside the body. */
export type Extra =
  | 'chat-state'
  | 'receipt'
  | 'receipt-request'
  | 'no-store'
  | 'no-copy'
  | 'private'
  | 'forged-own'
  | 'forged-peer'
  | 'thread'
  | 'custom';

/** One step. `device` is a full JID. */
export type Step = { readonly id: string; readonly at: number } & (
  | { readonly do: 'come'; readonly device: string; readonly coming: Coming }
  | { readonly do: 'return'; readonly device: string; readonly coming: Coming; readonly h: 'right' | 'too high' }
  | {
      readonly do: 'leave' | 'cut' | 'stall' | 'read' | 'acknowledge' | 'enable' | 'query' | 'repeat';
      readonly device: string;
    }
  | { readonly do: 'take-over'; readonly device: string }
  | { readonly do: 'carbons'; readonly device: string; readonly on: boolean }
  | { readonly do: 'presence'; readonly device: string; readonly priority: number | undefined }
  | { readonly do: 'send'; readonly device: string; readonly times: number; readonly sending: Sending }
  | { readonly do: 'block' | 'unblock'; readonly device: string; readonly jid: string }
  | { readonly do: 'prefer'; readonly device: string; readonly fallback: 'always' | 'never' | 'roster' }
  | {
      readonly do: 'room';
      readonly nick: string;
      readonly to: readonly string[];
      readonly type: 'chat' | 'normal';
      readonly withId: boolean;
    }
  | { readonly do: 'disk'; readonly state: DiskState }
  | { readonly do: 'crash'; readonly written: boolean }
  | { readonly do: 'jump'; readonly ms: number }
  | { readonly do: 'rest' }
);

/** `failing`: commits fail after a while; `full`: at once; `stuck`: they wait until the disk is something else. */
export type DiskState = 'good' | 'slow' | 'failing' | 'full' | 'stuck';
