import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../environment.ts';

/** What bodies that are being read take in memory, all together; 0 = no limit. */
export class ReadingBudget {
  readonly #limit: () => number;
  #bytes = 0;

  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** False: there is no room for that. */
  take(bytes: number): boolean {
    const limit = this.#limit();
    if (limit > 0 && this.#bytes + bytes > limit) return false;
    this.#bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** Reads a body whole; gives a status of HTTP instead where it is too large (413), too slow (408), cut (400), or there is no room for it (503). */
export async function readBytes(
  request: IncomingMessage,
  clock: Clock,
  { bytes: most, time }: { readonly bytes: number; readonly time: number },
  budget: ReadingBudget,
): Promise<Uint8Array | number> {
  if (most > 0 && Number(request.headers['content-length'] ?? 0) > most) return 413;
  const pieces: Uint8Array[] = [];
  let size = 0;
  let isLate = false;
  const timer = clock.after(time, () => {
    isLate = true;
    request.destroy();
  });
  try {
    for await (const piece of request as AsyncIterable<Uint8Array>) {
      if (most > 0 && size + piece.length > most) return 413;
      if (!budget.take(piece.length)) return 503;
      size += piece.length;
      pieces.push(piece);
    }
    return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
  } catch {
    // The connection was cut, by the client or by us: nobody reads what we say.
    return isLate ? 408 : 400;
  } finally {
    timer.cancel();
    budget.give(size);
  }
}
