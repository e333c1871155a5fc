import type { Chance } from '../../simulation/world/chance.ts';

/** What a disk writes as a whole. Of a torn write any sectors may be new, and its neighbours are left alone (SQLite: "powersafe overwrite"). */
const SECTOR = 512;

/** A change of a file's content. Lines are those of the trace, from which it has begun and by which it is done. */
export interface Change {
  readonly begin: number;
  readonly end: number;
  readonly offset: number;
  /** Undefined: the file ends at `offset` from now on. */
  readonly bytes: Buffer | undefined;
}

/** A file's content on the disk, and what has been written to it since the last fsync. */
export class Content {
  #durable = Buffer.alloc(0);
  #size = 0;
  #pending: Change[] = [];

  /** Something was written, and may or may not be on the disk. */
  change(change: Change): void {
    this.#pending.push(change);
  }

  /** An fsync that was entered at this line has succeeded. */
  sync(begin: number): void {
    for (const change of this.#pending) if (change.end < begin) this.#apply(change);
    this.#pending = this.#pending.filter((change) => change.end >= begin);
  }

  /** What the disk may have after a loss of power now. Of what no fsync covers: nothing, or all, or of each write nothing, all, or some sectors. */
  lose(chance: Chance): Buffer {
    const left = new Content();
    left.#durable = Buffer.from(this.#durable.subarray(0, this.#size));
    left.#size = this.#size;
    const way = chance.weighted({ drop: 3, keep: 1, each: 6 });
    for (const change of this.#pending) {
      const fate = way === 'each' ? chance.weighted({ drop: 2, keep: 2, tear: 1 }) : way;
      if (fate === 'tear' && change.bytes !== undefined) left.#tear(change.offset, change.bytes, chance);
      else if (fate !== 'drop') left.#apply(change);
    }
    return left.#durable.subarray(0, left.#size);
  }

  #apply({ offset, bytes }: Pick<Change, 'offset' | 'bytes'>): void {
    if (bytes === undefined) {
      this.#reserve(offset);
      // What is cut off is zero when the file grows again.
      this.#durable.fill(0, offset, Math.max(offset, this.#size));
      this.#size = offset;
      return;
    }
    this.#reserve(offset + bytes.length);
    bytes.copy(this.#durable, offset);
    this.#size = Math.max(this.#size, offset + bytes.length);
  }

  #tear(offset: number, bytes: Buffer, chance: Chance): void {
    for (let from = 0; from < bytes.length; ) {
      const to = Math.min(bytes.length, from + SECTOR - ((offset + from) % SECTOR));
      if (chance.happens(0.5)) this.#apply({ offset: offset + from, bytes: bytes.subarray(from, to) });
      from = to;
    }
  }

  #reserve(size: number): void {
    if (size <= this.#durable.length) return;
    const larger = Buffer.alloc(Math.max(size, 2 * this.#durable.length));
    this.#durable.copy(larger, 0, 0, this.#size);
    this.#durable = larger;
  }
}
