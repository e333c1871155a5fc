import type { DatabaseSync } from 'node:sqlite';
import { formatId, parseId } from '../place.ts';
import type { Report } from './fault.ts';
import type { VerifiedAccount } from './integrity.ts';
import { FLAG } from './schema.ts';

/** A row as the verifier reads it; what should be there and isn't is null. */
export interface VerifiedRow {
  readonly seq: number;
  readonly at: number;
  readonly flags: number;
  readonly peer: string | null;
  readonly resource: string | null;
  readonly bytes: Uint8Array | null;
}

type RawRow = readonly [number, number, number, string | null, string | null, Uint8Array | null];

const ROWS = `SELECT e.seq, e.at, e.flags, p.jid, e.resource, s.bytes FROM entry e
  LEFT JOIN peer p ON p.id = e.peer LEFT JOIN stanza s ON s.id = e.stanza WHERE e.account = ? ORDER BY e.seq`;

/** Reads an account's rows in order and checks their numbers and times; `look` sees each row. */
export function verifyAccount(
  db: DatabaseSync,
  account: VerifiedAccount,
  report: Report,
  look: (row: VerifiedRow) => void = () => undefined,
): void {
  const { jid, head, lastAt, expired } = account;
  const numbers = new Numbering(account, report);
  let before = 0;
  const statement = db.prepare(ROWS);
  statement.setReturnArrays(true);
  for (const raw of statement.iterate(account.id) as Iterable<unknown> as Iterable<RawRow>) {
    const [seq, at, flags, peer, resource, bytes] = raw;
    numbers.take(seq, flags);
    if (at < before)
      report({ rule: 'time', account: jid, seq, found: `it is ${before - at} ms before the row before` });
    if (at > lastAt) report({ rule: 'time', account: jid, seq, found: 'it is later than the last row of the account' });
    before = Math.max(before, at);
    look({ seq, at, flags, peer, resource, bytes });
  }
  numbers.finish(head, expired);
  checkId(account, report);
}

/** Follows the numbers of one account's rows. */
class Numbering {
  readonly #account: VerifiedAccount;
  readonly #report: Report;
  #last = 0;
  #count = 0;
  #gap: string | undefined;
  #sawTransient = false;
  #sawOther = false;

  constructor(account: VerifiedAccount, report: Report) {
    this.#account = account;
    this.#report = report;
  }

  take(seq: number, flags: number): void {
    const { jid, head } = this.#account;
    if (seq < 1 || seq > head) {
      this.#report({ rule: 'numbering', account: jid, seq, found: `the head is ${head}` });
    }
    if (seq > this.#last + 1) this.#miss(this.#last + 1, seq - 1);
    this.#last = seq;
    this.#count += 1;
    if ((flags & FLAG.transient) === 0) this.#sawOther = true;
    else this.#sawTransient = true;
  }

  finish(head: number, expired: number): void {
    if (head > this.#last) this.#miss(this.#last + 1, head);
    const missing = head - this.#count;
    if (missing === expired) return;
    const where = this.#gap === undefined ? '' : `, the first at ${this.#gap}`;
    const found = `${missing} of ${head} rows are missing${where}; ${expired} have expired`;
    this.#report({ rule: 'numbering', account: this.#account.jid, found });
  }

  /** Each kind expires from its oldest row on: what is missing behind one of each that is there cannot have expired. */
  #miss(from: number, to: number): void {
    const gap = from === to ? String(from) : `${from}–${to}`;
    this.#gap ??= gap;
    if (!this.#sawTransient || !this.#sawOther) return;
    const found = `${gap} cannot have expired: older rows of both kinds are there`;
    this.#report({ rule: 'numbering', account: this.#account.jid, seq: from, found });
  }
}

/** XEP-0359: the ids are made of epoch and number; both must be such that an id can be taken apart again. */
function checkId({ jid, epoch, head }: VerifiedAccount, report: Report): void {
  const parsed = parseId(formatId(epoch, head));
  if (parsed?.epoch === epoch && parsed.seq === head) return;
  report({
    rule: 'ids',
    account: jid,
    seq: head,
    found: `epoch ${JSON.stringify(epoch)} and number ${head} make no id`,
  });
}
