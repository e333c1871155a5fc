import { type Mutant, mutant } from './mutant.ts';

const ROUTER = 'server/src/router/messages.ts';
const SESSION = 'server/src/session/session.ts';
const LEGACY = 'server/src/router/legacy-rows.ts';
const REPLAYS = 'server/src/features/xep-0160-offline/replays.ts';

/** D5, I7: what legacy sessions have missed. */
export const legacyMutants: readonly Mutant[] = [
  mutant(
    'a repetition counts as served to legacy sessions',
    ROUTER,
    'origin.send(new Outgoing(origin.account.present(result.repeated).element));',
    'origin.send(origin.account.present(result.repeated));',
  ),
  mutant(
    'rows for a client that is gone count as served',
    SESSION,
    'this.outbox.sm === undefined && isThere',
    'this.outbox.sm === undefined',
  ),
  mutant(
    'a session is replayed what it had by name',
    SESSION,
    '!this.imNg && (this.priority ?? -1) < 0',
    '!this.imNg && !this.wasAvailable',
  ),
  mutant('what was missed is given to every legacy session', LEGACY, 'else this.drop([seq, seq]);', ''),
  mutant('a crash forgets who was served', LEGACY, 'this.#moved(this.#cursor);', ''),
  mutant(
    'the legacy cursor is a high-water mark',
    LEGACY,
    'this.#move({ seq, owed: addRange(this.#cursor.owed, [seq, seq]) });',
    'this.#move({ seq, owed: this.#cursor.owed });',
  ),
  mutant(
    'a crash forgets what is owed',
    'server/src/log/memory/memory-log.ts',
    'for (const [account, cursor] of moves) this.#writeCursor(account, cursor);',
    'for (const [account, { seq }] of moves) this.#writeCursor(account, { seq, owed: [] });',
  ),
  mutant('what was missed is given to IM-NG sessions too', REPLAYS, 'return !imNg;', 'return imNg !== undefined;'),
  mutant(
    'what is on its way to a session is replayed to it',
    REPLAYS,
    'yield rows.filter(({ seq }) => !known.has(seq));',
    'yield rows;',
  ),
  {
    ...mutant(
      'what has come is not handled when its client does not resume in time',
      'server/src/session/hibernation.ts',
      'void whenQuiet().then(() => {',
      'void Promise.resolve().then(() => {',
    ),
    from: 3_051_700,
  },
];
