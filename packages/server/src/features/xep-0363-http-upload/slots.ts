import { type JID, NS, StanzaError, xml } from '@tutti/xmpp';
import {
  type FeatureApi,
  type FileVault,
  Locks,
  randomId,
  type UploadAttempt,
  type UploadDesk,
  type UploadedFile,
  UploadRefusal,
} from '../../feature.ts';
import type { UploadRow, UploadTables } from './schema.ts';
import { baseType, isAllowed, type Wish } from './wish.ts';

/** A slot that was given, for the answer. */
export interface Slot {
  readonly file: UploadedFile;
  /** What the PUT has to show, where it comes to this server. */
  readonly secret: string;
}

/** Random characters of an id and of a secret, 6 bits each. */
const ID_LENGTH = 24;
const SECRET_LENGTH = 32;
/** Rows removed in one go. */
const BATCH = 500;

/** Who may upload what, and which files there are. The bytes are in the vault. */
export class Slots implements UploadDesk {
  readonly #api: FeatureApi;
  readonly #vault: FileVault;
  /** Files that are being received. */
  readonly #receiving = new Set<string>();
  /** A slot has to see what the one before it has written. */
  readonly #locks = new Locks();

  constructor(api: FeatureApi, vault: FileVault) {
    this.#api = api;
    this.#vault = vault;
  }

  /** Gives a slot, or throws StanzaError (`resource-constraint`) where a bound is reached. */
  async request(account: JID, wish: Wish): Promise<Slot> {
    await this.#noticePending(account.toString());
    return this.#locks.run('slots', async () => {
      const now = this.#api.clock.now();
      await this.#checkRoom(account.toString(), wish, now);
      const { upload } = this.#api.config;
      const id = randomId(this.#api.random, ID_LENGTH);
      const secret = randomId(this.#api.random, SECRET_LENGTH);
      const row: UploadRow = {
        id,
        account: account.toString(),
        name: wish.name,
        size: wish.size,
        type: wish.type ?? null,
        secret: this.#hash(secret),
        usable_until: now + upload.slotTime * 1000,
        stored_at: null,
        hash: null,
        expires: expiryOf(wish, now, wish.purpose === 'profile' ? upload.profileRetention : upload.retention),
      };
      await this.#db.insertInto('upload_slot').values(row).execute();
      return { file: toFile(row), secret };
    });
  }

  async begin(id: string, attempt: UploadAttempt): Promise<UploadedFile> {
    const row = await this.#open(id, attempt.secret);
    if (attempt.length === undefined) throw new UploadRefusal(411, 'Content-Length is missing.');
    const { start, total } = attempt.rest ?? { start: 0, total: row.size };
    if (total !== row.size) throw new UploadRefusal(400, 'The file is not as large as announced.');
    // §8: MUST reject
    if (start + attempt.length > row.size) throw new UploadRefusal(413, 'The file is larger than announced.');
    if (start + attempt.length < row.size) throw new UploadRefusal(400, 'The file is smaller than announced.');
    const type = baseType(attempt.type);
    const { types } = this.#api.config.upload;
    const isOther = row.type !== null && type !== undefined && type !== row.type;
    if (isOther || (types.length > 0 && !isAllowed(row.type ?? type, types))) {
      throw new UploadRefusal(415, 'The file is not of the announced type.');
    }
    if (this.#receiving.has(id)) throw new UploadRefusal(409, 'The file is being uploaded already.');
    this.#receiving.add(id);
    return { ...toFile(row), type: row.type ?? type };
  }

  async look(id: string, secret: string): Promise<UploadedFile> {
    return toFile(await this.#open(id, secret));
  }

  async end(file: UploadedFile, hash: string | undefined, cut = false): Promise<boolean> {
    try {
      if (hash === undefined) return cut ? await this.#extend(file.id) : true;
      const { numUpdatedRows } = await this.#db
        .updateTable('upload_slot')
        .set({ hash, type: file.type ?? null, stored_at: this.#api.clock.now() })
        .where('id', '=', file.id)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    } finally {
      this.#receiving.delete(file.id);
    }
  }

  async find(id: string): Promise<UploadedFile | undefined> {
    const row = await this.#find(id);
    if (row === undefined || (row.expires !== null && row.expires <= this.#api.clock.now())) return undefined;
    if (row.stored_at === null && !(await this.#noticeStored(row))) return undefined;
    return toFile(row);
  }

  /** Removes the files of an account. */
  async forget(account: JID): Promise<void> {
    for (;;) {
      const rows = await this.#db
        .selectFrom('upload_slot')
        .select('id')
        .where('account', '=', account.toString())
        .limit(BATCH)
        .execute();
      if (rows.length === 0) return;
      await this.#remove(rows);
    }
  }

  /** Removes what has expired: files, and slots that nobody has used. */
  async sweep(): Promise<void> {
    const now = this.#api.clock.now();
    for (;;) {
      const expired = await this.#db
        .selectFrom('upload_slot')
        .selectAll()
        .where((is) =>
          is.or([is('expires', '<=', now), is.and([is('stored_at', 'is', null), is('usable_until', '<=', now)])]),
        )
        .where('id', 'not in', ['', ...this.#receiving])
        .limit(BATCH)
        .execute();
      const gone: UploadRow[] = [];
      for (const row of expired) {
        const isStored = (row.expires === null || row.expires > now) && (await this.#noticeStored(row));
        if (!isStored) gone.push(row);
      }
      await this.#remove(gone);
      if (expired.length < BATCH) return;
    }
  }

  /** A slot that may be used. */
  async #open(id: string, secret: string): Promise<UploadRow> {
    const row = await this.#find(id);
    if (row === undefined) throw new UploadRefusal(404, 'There is no such slot.');
    // Of two hashes nothing can be learned by the time that it takes to compare them.
    if (row.secret !== this.#hash(secret)) throw new UploadRefusal(403, 'The Authorization is not that of the slot.');
    if (row.usable_until <= this.#api.clock.now())
      throw new UploadRefusal(410, 'The time of the slot is over; ask for another one.');
    return row;
  }

  /** Who was cut off may go on as long as a slot is good. False: there is no such slot any more. */
  async #extend(id: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('upload_slot')
      .set({ usable_until: this.#api.clock.now() + this.#api.config.upload.slotTime * 1000 })
      .where('id', '=', id)
      .where('stored_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  get #db() {
    return this.#api.store<UploadTables>();
  }

  #find(id: string): Promise<UploadRow | undefined> {
    return this.#db.selectFrom('upload_slot').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** The file goes first: the row is what remembers that there is something left to remove. */
  async #remove(rows: readonly { readonly id: string }[]): Promise<void> {
    for (const { id } of rows) {
      await this.#vault.remove(id);
      await this.#db.deleteFrom('upload_slot').where('id', '=', id).execute();
    }
  }

  /** What clients put past this server is noticed when somebody asks for it, or when the time of the slot is over. */
  async #noticeStored(row: UploadRow): Promise<boolean> {
    if (this.#vault.signPut(toFile(row), 1) === undefined) return false;
    if ((await this.#vault.measure(row.id)) !== row.size) return false;
    row.stored_at = this.#api.clock.now();
    await this.#db.updateTable('upload_slot').set({ stored_at: row.stored_at }).where('id', '=', row.id).execute();
    return true;
  }

  /** Slots that can be used, the one whose time is over first before the others. */
  #pending(account: string, now: number): Promise<UploadRow[]> {
    return this.#db
      .selectFrom('upload_slot')
      .selectAll()
      .where('account', '=', account)
      .where('stored_at', 'is', null)
      .where('usable_until', '>', now)
      .orderBy('usable_until')
      .execute();
  }

  /** Whose slots all seem to be unused may have filled them past this server. */
  async #noticePending(account: string): Promise<void> {
    const pending = await this.#pending(account, this.#api.clock.now());
    if (!isOver(pending.length + 1, this.#api.config.upload.pending)) return;
    for (const row of pending) await this.#noticeStored(row);
  }

  async #checkRoom(account: string, { size }: Wish, now: number): Promise<void> {
    const { upload } = this.#api.config;
    const { fn } = this.#db;
    const own = await this.#db
      .selectFrom('upload_slot')
      .select([
        fn.countAll<number | string>().as('files'),
        fn.sum<number | string | null>('size').as('bytes'),
        fn.min('expires').as('expires'),
      ])
      .where('account', '=', account)
      .executeTakeFirstOrThrow();
    if (isOver(Number(own.files) + 1, upload.quotaFiles))
      throw refuse('You have as many files as you may have.', own.expires);
    if (isOver(Number(own.bytes ?? 0) + size, upload.quotaBytes)) {
      throw refuse(`Your files may take ${upload.quotaBytes} bytes all together.`, own.expires);
    }
    const pending = await this.#pending(account, now);
    if (isOver(pending.length + 1, upload.pending))
      throw refuse('Use the slots that you have.', pending[0]?.usable_until);
    const all = await this.#db
      .selectFrom('upload_slot')
      .select(fn.sum<number | string | null>('size').as('bytes'))
      .executeTakeFirst();
    if (isOver(Number(all?.bytes ?? 0) + size, upload.totalBytes))
      throw refuse('There is no space left on this server.');
    const room = await this.#vault.room();
    if (room !== undefined && size > room) throw refuse('There is no space left on this server.');
  }

  #hash(secret: string): string {
    const digest = this.#api.digest('sha-256', new TextEncoder().encode(secret));
    return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }
}

function toFile(row: UploadRow): UploadedFile {
  const { id, name, size } = row;
  return {
    id,
    name,
    size,
    type: row.type ?? undefined,
    hash: row.hash ?? undefined,
    storedAt: row.stored_at ?? undefined,
    expires: row.expires ?? undefined,
  };
}

/** `retention` in seconds. */
function expiryOf({ before }: Wish, now: number, retention: number): number | null {
  const own = retention === Infinity ? Infinity : now + retention * 1000;
  const expires = Math.min(own, before ?? Infinity);
  return expires === Infinity ? null : expires;
}

function isOver(value: number, limit: number): boolean {
  return limit !== 0 && value > limit;
}

/** §7: with the time at which the client may try again, where it is known. */
function refuse(text: string, again?: number | null): StanzaError {
  const stamp = again === undefined || again === null ? undefined : new Date(again).toISOString();
  const extra = stamp === undefined ? {} : { extra: xml('retry', { xmlns: NS.httpUpload, stamp }) };
  return new StanzaError('resource-constraint', { type: 'wait', text, ...extra });
}
