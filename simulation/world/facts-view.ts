import type { JID } from '@tutti/xmpp';
import type { Core } from '../../packages/server/src/core/core.ts';
import type { SessionView } from '../../packages/server/src/feature.ts';
import type { AccountFacts, SessionFacts } from '../model/facts.ts';
import type { Story } from '../story/story.ts';

const none: ReadonlySet<string> = new Set();

/** Where the facts come from. */
export interface FactsSource {
  core(): Core;
  /** The number under which a session is recorded. */
  numberOf(session: SessionView): number | undefined;
  blocks(account: string): ReadonlySet<string> | undefined;
}

/** What the reference is told of accounts: the same object as long as nothing of it has changed. */
export class FactsView {
  readonly #story: Story;
  readonly #addresses: readonly JID[];
  readonly #source: FactsSource;
  readonly #facts = new Map<string, { readonly signature: string; readonly facts: AccountFacts }>();
  readonly #preferring = new Map<string, ReadonlySet<string>>();

  constructor(story: Story, addresses: readonly JID[], source: FactsSource) {
    this.#story = story;
    this.#addresses = addresses;
    this.#source = source;
  }

  lookAt(account: string): AccountFacts {
    const local = this.#source.core().accounts.get(account);
    const sessions: SessionFacts[] = [];
    let signature = '';
    for (const session of local?.sessions ?? []) {
      const number = this.#source.numberOf(session);
      if (number === undefined) continue;
      const { resource, imNg, carbons, priority } = session;
      sessions.push({ session: number, resource, imNg, carbons, priority });
      signature += `${number} ${imNg} ${carbons} ${priority};`;
    }
    const blocks = this.#source.blocks(account) ?? none;
    const unarchived = this.#lookAtPreferences(account);
    const known = this.#facts.get(account);
    const isSame =
      known?.signature === signature && known.facts.blocks === blocks && known.facts.unarchived === unarchived;
    if (isSame) return known.facts;
    const facts = { jid: account, sessions, blocks, unarchived };
    this.#facts.set(account, { signature, facts });
    return facts;
  }

  #lookAtPreferences(account: string): ReadonlySet<string> {
    const prefers = this.#story.steps.some((step) => step.do === 'prefer' && step.device.startsWith(`${account}/`));
    const core = this.#source.core();
    const local = prefers ? core.accounts.get(account) : undefined;
    const before = this.#preferring.get(account) ?? none;
    if (local === undefined) return before;
    const now = this.#addresses.filter((jid) => !core.archives(local, jid)).map(String);
    if (now.length === before.size && now.every((jid) => before.has(jid))) return before;
    const set = new Set(now);
    this.#preferring.set(account, set);
    return set;
  }
}
