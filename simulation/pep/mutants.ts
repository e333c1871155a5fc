import type { Mutant } from '../mutants/mutant.ts';

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [{ file: `server/src/${file}`, find, replace }] };
}

/** What the worlds of personal events have to find. */
export const pepMutants: readonly Mutant[] = [
  mutant(
    'events are told before they are kept',
    'pubsub/publishing.ts',
    'const nodes = await this.#core.nodes.db.transaction()',
    `for (const change of changes) {
      const found = await this.#core.nodes.find(host.jid.toString(), change.node);
      if (found !== undefined) await this.#tell(host, found, change, author);
    }
    const nodes = await this.#core.nodes.db.transaction()`,
  ),
  mutant(
    'two changes of an account at a time',
    'locks.ts',
    'const running = (this.#tails.get(name) ?? Promise.resolve()).then(task);',
    'const running = Promise.resolve().then(task);',
  ),
  {
    name: 'contacts are told of what is for the owner alone',
    edits: [
      {
        file: 'server/src/features/xep-0163-pep/watchers.ts',
        find: "if (accessModel === 'whitelist' || accessModel === 'authorize') return told;",
        replace: "if (accessModel === 'authorize') return told;",
      },
      {
        file: 'server/src/pubsub/access.ts',
        find: "return pubsubError('not-allowed', 'closed-node');",
        replace: 'return undefined;',
      },
    ],
  },
  mutant(
    'who blocks the owner is told',
    'features/xep-0163-pep/watchers.ts',
    'return other !== undefined && this.#api.isBlocked(other, account.jid);',
    'return false;',
  ),
  mutant(
    "the owner's own devices are left out",
    'features/xep-0163-pep/watchers.ts',
    'account.sessions.forEach(tellSession);\n',
    'account.sessions.slice(1).forEach(tellSession);\n',
  ),
  mutant(
    'what is retracted is not told',
    'pubsub/publishing.ts',
    'else if (retract.length > 0 && isTold)',
    'else if (retract.length > 1 && isTold)',
  ),
  mutant('one item too many is kept', 'pubsub/node-store.ts', '.offset(most)', '.offset(most + 1)'),
  mutant(
    'an item that is published again stays in its place',
    'pubsub/node-store.ts',
    ".set(({ eb }) => ({ head: eb('head', '+', 1) }))",
    ".set(({ eb }) => ({ head: eb('head', '+', item.id === 'a' ? -7 : 1) }))",
  ),
  mutant(
    'bookmarks are converted one way only',
    'features/xep-0049-private-storage/bookmarks.ts',
    'return wanted === undefined ? [] : differences(rooms, wanted);',
    'return wanted === undefined ? [] : [];',
  ),
  mutant(
    'a bookmark that is taken away stays in the list',
    'features/xep-0049-private-storage/bookmarks.ts',
    'else for (const id of retract) result.delete(id);',
    'else for (const id of retract.slice(1)) result.delete(id);',
  ),
  mutant(
    'a converted change is written on its own',
    'pubsub/publishing.ts',
    'const changes = [...given, ...follows];',
    'const changes = [...given];\n    if (follows.length > 0) void this.apply(host, author.jid, follows).catch(() => undefined);',
  ),
];
