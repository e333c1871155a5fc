import type { Element } from '@tutti/xmpp';
import { parseSessions, type SessionSpec } from '../world.ts';

/**
 * In what form a session gets a message:
 * - `archived`: as the recipient's archive has it (A4), with its stanza-id unless it is not archived (A8);
 * - `reflection`: as the sender's archive has it (S3);
 * - `as sent`: untouched, but for a stanza-id where there is a row (A5);
 * - `sent`, `received`: a carbon of it; `carbon`: either;
 * - `bounce`: the error that came back, as the sender's archive has it (S7, C4);
 * - `error`: the same as it was addressed, to a legacy session or with the marker (S7, C3); `error received`: a carbon of it.
 * A `?` behind it: may be missing.
 */
export type Form =
  | 'archived'
  | 'reflection'
  | 'as sent'
  | 'sent'
  | 'received'
  | 'carbon'
  | 'bounce'
  | 'error'
  | 'error received';

/** People and their sessions, as `parseSessions` reads them. */
export type World = Readonly<Record<string, string>>;

/** What else holds: `bob blocks alice`, `alice never archives`. Both may name anybody of the world. */
export type Fact = `${string} blocks ${string}` | `${string} never archives`;

/** What is sent. */
export interface Sending {
  /** `alice.phone`. */
  readonly from: string;
  /**
   * `bob`, `bob/phone` (anybody of the world), `` (no address), `nobody`, `nobody/phone` (no such account), `remote`, `remote/phone`
   * (another server that is not there), `service` (the server's domain).
   */
  readonly to: string;
  readonly type?: string | undefined;
  readonly marker?: boolean;
  /** Default: a body. */
  readonly children?: readonly Element[];
}

/** Who must see what. Everybody who is not named sees nothing; accounts that are not named get no row. */
export interface Expectation {
  /** By device, in order. */
  readonly sees: Readonly<Record<string, readonly (Form | `${Form}?`)[]>>;
  /** New rows by account. */
  readonly rows: Readonly<Record<string, number>>;
  /** The condition of the error that comes back, where one does. `any`: any. */
  readonly error?: string | undefined;
}

/** One row of the table: a message, and what must become of it. */
export interface Row {
  readonly title: string;
  readonly send: Sending;
  readonly expect: Expectation;
}

/** A world and the rows that are played in it. */
export interface Scene {
  readonly world: World;
  readonly facts: readonly Fact[];
  readonly rows: readonly Row[];
}

/** A person of a world with sessions, as data. */
export interface Sketch {
  readonly name: string;
  readonly sessions: readonly SessionSpec[];
}

export function sketch(world: World, name: string): Sketch | undefined {
  const text = world[name];
  return text === undefined ? undefined : { name, sessions: parseSessions(text) };
}

export function hasFact(facts: readonly Fact[], fact: Fact): boolean {
  return facts.includes(fact);
}

/** Takes `bob/phone` apart. */
export function splitAddress(to: string): { readonly who: string; readonly resource: string } {
  const [who = '', resource = ''] = to.split('/');
  return { who, resource };
}

/** Takes `alice.phone` apart. */
export function splitDevice(name: string): { readonly who: string; readonly session: string } {
  const [who = '', session = ''] = name.split('.');
  return { who, session };
}

/** The shorthand of handwritten rows: `'reflection, bounce'`. */
export function expectation(
  sees: Readonly<Record<string, string>>,
  rows: Readonly<Record<string, number>> = {},
  error?: string,
): Expectation {
  const lists = Object.entries(sees).map(([device, forms]) => [device, forms.split(', ')] as const);
  return { sees: Object.fromEntries(lists) as Expectation['sees'], rows, error };
}
