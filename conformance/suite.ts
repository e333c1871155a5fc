import type { Stage } from './stage.ts';

/** A feature that a server may lack. Tests that need it are then reported as "not offered" on a foreign server. */
export type Need =
  | 'im-ng'
  | 'carbons'
  | 'carbons-rules'
  | 'mam'
  | 'mam-extended'
  | 'mam-groupchat'
  | 'mam-prefs'
  | 'sm'
  | 'csi'
  | 'upload'
  | 'push'
  | 'external-services'
  | 'stream-limits'
  | 'blocking'
  | 'register'
  | 'sasl2'
  | 'fast'
  | 'pre-approval'
  | 'roster-versioning'
  | 'caps'
  | 'starttls'
  | `mechanism ${string}`
  | 'direct-tls'
  /** Nodes of an account (XEP-0163). */
  | 'pep'
  /** Access models, approval and other parts of XEP-0060 that accounts of few servers have. */
  | 'pep-complete'
  /** Nodes at `pubsub.` of the domain (XEP-0060). */
  | 'pubsub'
  | 'pubsub-complete'
  | 'private-xml'
  | 'vcard'
  | 'avatar-conversion'
  | 'bookmarks-compat'
  | 'mds-assist'
  /** Rooms (XEP-0045) at `conference.` of the domain. */
  | 'muc'
  /** Parts of rooms that few servers have: archives, moderation, hats, limits of the service and the like. */
  | 'muc-complete'
  /** A server of one's own, that the test may configure, kill and start again. */
  | 'restart';

/** Where a row runs: against the pure `planMessage`, on the wire over TCP with STARTTLS, over WebSocket, over BOSH. */
export type Stand = 'plan' | 'tcp' | 'ws' | 'bosh';

/** One test: a dialogue between users. It throws when the server does not do what the section says. */
export interface Test {
  /** Begins with the rule's id where there is one, and the section: `D3 §3.3 marked message reaches only its resource`. */
  readonly title: string;
  readonly needs: readonly Need[];
  /** Tests of one scene share a world and run one after the other; others have a world of their own and run in parallel. */
  readonly scene?: object;
  readonly run?: (stage: Stage) => Promise<void>;
  /** The same against `planMessage`, where that makes sense. */
  readonly plan?: () => void;
}

/** The tests of one section of one specification. */
export interface Section {
  /** Folder name: `xep-0409`. */
  readonly spec: string;
  /** Section number: `3.2`. */
  readonly section: string;
  readonly title: string;
  readonly stands: readonly Stand[];
  readonly tests: readonly Test[];
}

export interface SectionOptions {
  readonly needs?: readonly Need[];
  /** Default: TCP only. */
  readonly stands?: readonly Stand[];
}

/** What a section's function writes its tests with. */
export interface Book {
  test(title: string, run: (stage: Stage) => Promise<void>, needs?: readonly Need[]): void;
  add(tests: readonly Test[]): void;
}

/** Defines a section; `write` registers its tests. */
export function section(
  spec: string,
  number: string,
  title: string,
  options: SectionOptions,
  write: (book: Book) => void,
): Section {
  const tests: Test[] = [];
  const common = options.needs ?? [];
  write({
    test: (name, run, needs = []) => void tests.push({ title: name, needs: [...common, ...needs], run }),
    add: (more) => void tests.push(...more.map((test) => ({ ...test, needs: [...common, ...test.needs] }))),
  });
  return { spec, section: number, title, stands: options.stands ?? ['tcp'], tests };
}
