import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type LocalVault, type UploadedFile, UploadRefusal } from '../src/uploads/uploads.ts';

/** Files in memory. */
export class MemoryVault implements LocalVault {
  readonly kind = 'local';
  readonly files = new Map<string, Buffer>();
  /** Bytes that there is room for, if that is to matter. */
  free: number | undefined;
  /** What receiving fails with, if it is to. */
  broken: Error | undefined;

  signPut(): undefined {
    return undefined;
  }

  async measure(id: string): Promise<number | undefined> {
    return this.files.get(id)?.length;
  }

  async room(): Promise<number | undefined> {
    return this.free;
  }

  async remove(id: string): Promise<void> {
    this.files.delete(id);
  }

  async received(): Promise<number> {
    return 0;
  }

  async receive(file: UploadedFile, content: AsyncIterable<Uint8Array>): Promise<string> {
    const bytes = await buffer(content);
    if (this.broken !== undefined) throw this.broken;
    if (bytes.length !== file.size) throw new UploadRefusal(400, 'The file is smaller than announced.');
    this.files.set(file.id, bytes);
    return createHash('sha256').update(bytes).digest('base64url');
  }

  async read(id: string, start: number, end: number): Promise<Readable> {
    const bytes = this.files.get(id);
    if (bytes === undefined) throw new Error('there is no such file');
    return Readable.from([bytes.subarray(start, end + 1)]);
  }
}
