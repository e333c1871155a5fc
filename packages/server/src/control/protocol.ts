/** The language of the control socket: one JSON object a line, answers in any order. */
import * as z from 'zod';

/** The longest line either side accepts, in bytes: requests are small, only lists of accounts are not. */
export const MAX_REQUEST_BYTES = 65_536;

export const requestSchema = z.object({
  id: z.number(),
  method: z.string(),
  params: z.record(z.string(), z.unknown()).default({}),
});

export const responseSchema = z.union([
  z.object({ id: z.number(), error: z.object({ code: z.string(), message: z.string(), refused: z.boolean() }) }),
  z.object({ id: z.number(), result: z.unknown() }),
]);

export type Response = z.infer<typeof responseSchema>;

/** Cuts a byte stream into lines. */
export class LineReader {
  private rest: Buffer = Buffer.alloc(0);
  private readonly limit: number;

  /** @param limit the longest line in bytes; 0 = none */
  constructor(limit = 0) {
    this.limit = limit;
  }

  /**
   * Takes the next bytes.
   * @returns the lines that are now complete, without line ends
   * @throws RangeError when a line is longer than the limit
   */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let buffer = Buffer.concat([this.rest, chunk]);
    for (let end = buffer.indexOf(10); end >= 0; end = buffer.indexOf(10)) {
      lines.push(buffer.toString('utf8', 0, end));
      buffer = buffer.subarray(end + 1);
    }
    if (this.limit > 0 && buffer.length > this.limit) throw new RangeError('line too long');
    this.rest = buffer;
    return lines;
  }
}
