import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { makeFolder } from '../folder.ts';
import { type LocalVault, UploadCut, type UploadedFile, UploadRefusal } from './uploads.ts';

/** Files in a folder, each under its id, in subfolders by the beginning of it. What is being received has a folder of its own. */
export class DiskVault implements LocalVault {
  readonly kind = 'local';
  readonly #folder: string;
  readonly #receiving = new Set<string>();

  /** Makes the folder where it isn't, and removes what a crash has left half-way. */
  static async open(folder: string): Promise<DiskVault> {
    makeFolder(folder);
    const vault = new DiskVault(folder);
    await mkdir(vault.#incoming, { recursive: true, mode: 0o700 });
    for (const name of await readdir(vault.#incoming)) await rm(join(vault.#incoming, name), { force: true });
    return vault;
  }

  private constructor(folder: string) {
    this.#folder = folder;
  }

  signPut(): undefined {
    return undefined;
  }

  async measure(id: string): Promise<number | undefined> {
    const found = await stat(this.#path(id)).catch(ignoreAbsence);
    return found?.size;
  }

  async room(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#folder);
    return bavail * bsize;
  }

  async remove(id: string): Promise<void> {
    await rm(this.#path(id), { force: true });
    // What is just being received is removed by whoever receives it.
    if (!this.#receiving.has(id)) await rm(this.#partial(id), { force: true });
  }

  /** Written beside, made durable, then named: whoever finds it under its name finds all of it, also after a power loss. */
  async receive(file: UploadedFile, content: AsyncIterable<Uint8Array>, start: number): Promise<string> {
    const partial = this.#partial(file.id);
    if (start > 0 && start !== (await this.received(file.id)))
      throw new UploadRefusal(409, 'The file goes on at another byte.');
    this.#receiving.add(file.id);
    try {
      const hash = await writeRest(partial, file.size, content, start);
      const parent = this.#parent(file.id);
      makeFolder(parent);
      await rename(partial, this.#path(file.id));
      await syncFolder(parent);
      return hash;
    } catch (error) {
      if (!(error instanceof UploadCut)) await rm(partial, { force: true });
      throw error;
    } finally {
      this.#receiving.delete(file.id);
    }
  }

  async received(id: string): Promise<number> {
    return (await stat(this.#partial(id)).catch(ignoreAbsence))?.size ?? 0;
  }

  async read(id: string, start: number, end: number): Promise<Readable> {
    const handle = await open(this.#path(id), 'r');
    return handle.createReadStream({ start, end });
  }

  get #incoming(): string {
    return join(this.#folder, 'incoming');
  }

  #partial(id: string): string {
    return join(this.#incoming, id);
  }

  #parent(id: string): string {
    return join(this.#folder, id.slice(0, 2));
  }

  #path(id: string): string {
    return join(this.#parent(id), id);
  }
}

/** Writes from a byte on, and gives the hash of all. */
async function writeRest(
  path: string,
  size: number,
  content: AsyncIterable<Uint8Array>,
  start: number,
): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(path, start === 0 ? 'w' : 'a+', 0o600);
  try {
    let bytes = start;
    if (start > 0)
      for await (const chunk of handle.createReadStream({ autoClose: false, start: 0 })) hash.update(chunk as Buffer);
    for await (const chunk of content) {
      bytes += chunk.length;
      if (bytes > size) throw new UploadRefusal(413, 'The file is larger than announced.');
      hash.update(chunk);
      await writeAll(handle, chunk);
    }
    if (bytes < size) throw new UploadRefusal(400, 'The file is smaller than announced.');
    await handle.sync();
    return hash.digest('base64url');
  } finally {
    await handle.close();
  }
}

/** A write may take less than it is given, when the disk is almost full say. */
async function writeAll(handle: Awaited<ReturnType<typeof open>>, chunk: Uint8Array): Promise<void> {
  for (let rest = chunk; rest.length > 0; ) rest = rest.subarray((await handle.write(rest)).bytesWritten);
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ignoreAbsence(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
