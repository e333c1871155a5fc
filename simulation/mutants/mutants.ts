import { legacyMutants } from './legacy.ts';
import { type Mutant, mutant } from './mutant.ts';

const ROUTER = 'server/src/router/messages.ts';
const JOB = 'server/src/router/message-job.ts';
const SESSION = 'server/src/session/session.ts';
const CURSOR = 'server/src/session/cursor.ts';
const QUEUE = 'server/src/federation/outbox/queue.ts';

type Row = readonly [name: string, file: string, find: string, replace: string];

function remoteMutants(rows: readonly Row[]): readonly Mutant[] {
  return rows.map((row) => ({ ...mutant(...row), worlds: 'remote' }));
}

/** What the simulation has to find: bugs that servers have, or have had. */
export const mutants: readonly Mutant[] = [
  // A3
  mutant(
    'legacy sessions get it before the commit',
    ROUTER,
    'const rows = job.rows();',
    'const rows = job.rows();\n    this.#deliverOthers(job, job.plan, new Map());',
  ),
  {
    name: 'the log answers before the disk',
    edits: [
      {
        file: 'server/src/log/memory/memory-log.ts',
        find: 'this.#disk.commit({ rows, bytes, write: writeOnce }, (error?: unknown) => {',
        replace:
          'queueMicrotask(() => done());\n    this.#disk.commit({ rows, bytes, write: writeOnce }, (error?: unknown) => {',
      },
      {
        file: 'server/src/log/memory/memory-log.ts',
        find: '      done(error === undefined ? undefined : toLogError(error));\n',
        replace: '',
      },
    ],
  },
  mutant(
    'acknowledged before the commit',
    'server/src/router/router.ts',
    'session.progress.begin(() => sm?.countHandled()),',
    '(sm?.countHandled(), () => {}),',
  ),
  mutant(
    'shown although the commit failed',
    ROUTER,
    'this.#failCommit(job, result);',
    'this.#deliver(job, { places: [] });',
  ),
  mutant(
    'nobody is told that the commit failed',
    ROUTER,
    "this.#refuse(job.origin, stanza, from, new StanzaError('internal-server-error', { type: 'wait' }), job.done);\n  }\n\n  /** Answers",
    'job.done();\n  }\n\n  /** Answers',
  ),
  mutant(
    'half of a conversation is archived',
    ROUTER,
    'const rows = job.rows();',
    'const rows = job.rows().slice(0, 1);',
  ),
  // S1 to S8
  mutant(
    'no reflection at all',
    ROUTER,
    'account.show(new Outgoing(withStanzaId(job.archived(row.side), account.name, place.id), place.seq), place.seq);',
    "const out = new Outgoing(withStanzaId(job.archived(row.side), account.name, place.id), place.seq);\n      if (row.side === 'recipient') account.show(out, place.seq);\n      else for (const session of account.sessions) if (session.cursor) session.cursor.seq = place.seq;",
  ),
  mutant(
    'reflected to the siblings only',
    ROUTER,
    'account.show(new Outgoing(withStanzaId(job.archived(row.side), account.name, place.id), place.seq), place.seq);',
    "if (row.side === 'sender' && job.origin?.cursor) job.origin.cursor.seq = place.seq;\n      account.show(new Outgoing(withStanzaId(job.archived(row.side), account.name, place.id), place.seq), place.seq);",
  ),
  mutant(
    'a legacy sender gets a carbon of its own',
    'routing/src/sender.ts',
    ' && session.resource !== sender.resource',
    '',
  ),
  mutant(
    'groupchat to a room is archived',
    'routing/src/sender.ts',
    "if (type === 'groupchat' && world.destination !== 'account')",
    "if (type === 'letter' as string)",
  ),
  mutant(
    'a note to oneself makes two rows',
    'routing/src/plan-message.ts',
    "planSenderRow(plan, world, account, { rule: 'S6', offline: plan.message.content.offline });",
    "planSenderRow(plan, world, account, { rule: 'S6', offline: plan.message.content.offline });\n  plan.addRow({ side: 'recipient', toBare: false, offline: false, rule: 'S6' });",
  ),
  mutant(
    'a repetition is not recognised',
    JOB,
    'outgoing && originId !== undefined',
    'outgoing && originId === `${Math.random()}`',
  ),
  mutant(
    'a repetition is reflected to everybody',
    ROUTER,
    'if (origin?.imNg === true) origin.send(new Outgoing(origin.account.present(result.repeated).element));',
    'if (origin !== undefined) for (const one of origin.account.sessions) if (one.imNg) one.send(origin.account.present(result.repeated));',
  ),
  // A4, C1 to C5
  mutant(
    'to is not rewritten',
    JOB,
    'archivedForm(this.stanza, { toBare }, this.account(side).name, this.#bareAddress)',
    'archivedForm(this.stanza, { toBare: false }, this.account(side).name, this.#bareAddress)',
  ),
  mutant(
    'to is rewritten on the sender side',
    'routing/src/sender.ts',
    "plan.addRow({ side: 'sender', toBare: false, ...row })",
    "plan.addRow({ side: 'sender', toBare: plan.rule === 'C5', ...row })",
  ),
  mutant(
    'the marker stays on a bare address',
    'routing/src/transform.ts',
    'if (bareAddress) result',
    'if (bareAddress && account === "") result',
  ),
  mutant(
    'forged stanza-ids are kept',
    'routing/src/transform.ts',
    "return stanza.without((child) => child.is('stanza-id', NS.sid) && isSame(child.attrs['by'], account));",
    'return isSame(undefined, account) ? stanza.append() : stanza;',
  ),
  mutant(
    'legacy sessions get no stanza-id',
    ROUTER,
    'const shown = place === undefined ? own : withStanzaId(own, account.name, place.id);',
    'const shown = own;',
  ),
  mutant(
    'an error to a full address is for one',
    'routing/src/classify.ts',
    "return { class: 'everyone', rule: 'C4' };",
    "return { class: 'one', rule: 'C4' };",
  ),
  // A1, A2, D4
  mutant(
    'headlines are not archived',
    'routing/src/plan.ts',
    'if (!account.archives)',
    "if (!account.archives || this.message.type === 'headline')",
  ),
  mutant(
    'archived for those online only',
    'routing/src/recipient.ts',
    "if (plan.mayArchive('recipient', recipient, world)) {",
    "if (recipient.sessions.length > 0 && plan.mayArchive('recipient', recipient, world)) {",
  ),
  mutant(
    'class one is archived',
    'routing/src/recipient.ts',
    "if (named !== undefined) plan.deliver('recipient', named, 'as-sent', 'D3');",
    "if (named !== undefined) {\n    plan.addRow({ side: 'recipient', toBare: false, offline: false, rule: 'A1' });\n    plan.deliver('recipient', named, 'as-sent', 'D3');\n  }",
  ),
  mutant(
    'class one reaches all',
    'routing/src/recipient.ts',
    "if (named !== undefined) plan.deliver('recipient', named, 'as-sent', 'D3');",
    "if (named !== undefined) for (const one of recipient.sessions) plan.deliver('recipient', one, 'as-sent', 'D3');",
  ),
  mutant(
    'what is blocked is archived',
    'routing/src/recipient.ts',
    "if (recipient.blocks) return plan.refuse('service-unavailable', 'D4');",
    "if (recipient.blocks) plan.refuse('service-unavailable', 'D4');",
  ),
  mutant(
    'the marker is not in the error',
    'routing/src/plan.ts',
    "marked: this.message.marked && this.rule === 'C3'",
    'marked: false',
  ),
  // D2, D6, E3, E4
  {
    name: 'carbons to an IM-NG session',
    edits: [
      {
        file: 'routing/src/legacy.ts',
        find: 'for (const session of legacy) {\n    // XEP-0280 §7',
        replace: 'for (const session of recipient.sessions) {\n    // XEP-0280 §7',
      },
      {
        file: 'routing/src/legacy.ts',
        find: 'if (session.carbons && !direct.includes(session))',
        replace: 'if ((session.carbons || session.imNg) && !direct.includes(session))',
      },
    ],
  },
  mutant(
    'Carbons beside IM-NG',
    'server/src/features/xep-0280-carbons/index.ts',
    'if (carbonsOn && session.imNg)',
    'if (carbonsOn && session.imNg && session.ended)',
  ),
  mutant('messages to sessions of negative priority', 'routing/src/legacy.ts', ' && session.priority >= 0', ''),
  mutant(
    'each copy of a room is a message',
    'server/src/router/room-copies.ts',
    'return copies.resources.has(to.resource) ? undefined : copies;',
    'return undefined;',
  ),
  mutant(
    'the barrier is one row too late',
    CURSOR,
    'this.seq = account.head;\n    this.#account',
    'this.seq = account.head + 1;\n    this.#account',
  ),
  // I1, I8
  mutant(
    'a row is lost when a session is slow',
    CURSOR,
    'this.#behind = true; // I8',
    'if (this.#outbox.connection !== undefined && !this.#behind) {\n        this.seq = seq;\n        return;\n      }\n      this.#behind = true; // I8',
  ),
  mutant(
    'a slow session reads the log backwards',
    CURSOR,
    'for (const row of rows) {',
    'for (const row of rows.toReversed()) {',
  ),
  mutant(
    'a slow session starts one row late',
    CURSOR,
    'for (const row of rows) {',
    'for (const row of rows.slice(rows.length > 1 ? 1 : 0)) {',
  ),
  // XEP-0198
  mutant(
    'the first row is forgotten on resumption',
    'server/src/session/resumption.ts',
    '(run[0] as number) - 1',
    '(run[0] as number)',
  ),
  mutant(
    'rows are sent twice on resumption',
    'server/src/session/resumption.ts',
    'else outbox.repeat(account.present(row));',
    'else {\n        outbox.repeat(account.present(row));\n        outbox.repeat(account.present(row));\n      }',
  ),
  mutant(
    'resumption does not wait for what is under way',
    'server/src/core/stream-host.ts',
    'await session.whenQuiet();',
    '',
  ),
  mutant(
    'two resumptions both send',
    SESSION,
    'if (this.connection !== connection) return; // resumed once more meanwhile',
    '',
  ),
  mutant(
    'what is unacknowledged is never returned',
    'server/src/core/return-unseen.ts',
    "return messageClass === 'one' ?",
    "return messageClass === 'nobody' ?",
  ),
  mutant(
    'what waits during a resumption is lost with it',
    'server/src/session/outbox.ts',
    'if (this.#held !== undefined) for (const out of this.#held) this.sm?.sent(out);',
    '',
  ),
  mutant(
    'acknowledged rows stay one too many',
    'server/src/session/stream-management.ts',
    'this.#queue.splice(0, count)',
    'this.#queue.splice(0, Math.max(0, count - 1))',
  ),
  ...legacyMutants,
  mutant(
    'the end of a page overtakes its messages',
    'server/src/session/backlog.ts',
    " || (stanza.name === 'message' && stanza.child('result', NS.mam) !== undefined)",
    '',
  ),
  // What leaves the server: S7, RFC 6120 §10.1
  ...remoteMutants([
    [
      'a parcel ends before it is settled',
      QUEUE,
      'this.#flying.add(entry);',
      'this.#flying.add(entry);\n    if (entry.id !== undefined) this.#host.log.release([entry.id]);',
    ],
    [
      'what comes during a failure overtakes what waits',
      QUEUE,
      "const isLive = this.#phase === 'open' && !this.#loading && this.#taken >= this.#committed;",
      'const isLive = true;',
    ],
    [
      'after a failure it goes on with what is new',
      QUEUE,
      'this.#taken = 0;\n    this.#phase',
      'this.#taken = this.#committed;\n    this.#phase',
    ],
    ['what comes again does not say so', QUEUE, 'isLate ? writeLate(entry, this.from) : entry.stanza', 'entry.stanza'],
    [
      'a restart forgets what waits',
      'server/src/federation/outbox/outbox.ts',
      'for (const queue of this.#queues.values()) queue.pump();',
      '',
    ],
    [
      'the error is for the sending device alone',
      ROUTER,
      'messageError(stanza, error, undefined, false)',
      'messageError(stanza, error, undefined, true)',
    ],
    [
      'the error does not end the parcel',
      ROUTER,
      'const release = job.bounce === undefined ? undefined : [job.bounce.id];',
      'const release = undefined;',
    ],
    [
      'what was dropped is not told',
      QUEUE,
      'if (parcel.id <= this.#dropped) this.#bounce(entry, droppedError());',
      "if (parcel.id <= this.#dropped) (this.#host.log.release([parcel.id]), this.#leave(entry, 'returned'));",
    ],
    [
      'another server is told too early that it is done',
      'server/src/router/router.ts',
      "if (stanza.name === 'message') return this.messages.route(undefined, stanza, from, done);",
      "if (stanza.name === 'message') return (done(), this.messages.route(undefined, stanza, from, () => undefined));",
    ],
    [
      'one failure keeps the queue closed',
      QUEUE,
      "this.#late = this.#committed;\n    this.#phase = 'open';",
      'this.#late = this.#committed;',
    ],
  ]),
];
