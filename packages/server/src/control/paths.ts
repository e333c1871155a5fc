/** Where the control socket of a data folder is. */
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, realpathSync, rmdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ControlError } from './errors.ts';

/** The shortest `sun_path` of the systems we know is 104 bytes (macOS), with a closing zero. */
const LONGEST_SOCKET_PATH = 103;

const FOLDER_PREFIX = 'tutti-control-';

/**
 * The path of the control socket. Where the data folder's own path is too long for a unix socket, it is a short name in
 * a folder of the temporary folder that only this user may enter.
 * @param dataDir an existing folder
 */
export function locateSocket(dataDir: string, temporary = tmpdir()): string {
  const real = realpathSync(dataDir);
  const path = join(real, 'control.sock');
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return path;
  const hash = createHash('sha256').update(real).digest('hex').slice(0, 16);
  return join(temporary, `${FOLDER_PREFIX}${userInfo().uid}-${hash}`, 'control.sock');
}

/** Removes the folder that was made for a socket, where one was. */
export function removeSocketFolder(socket: string): void {
  const folder = dirname(socket);
  if (basename(folder).startsWith(FOLDER_PREFIX) && readdirSync(folder).length === 0) rmdirSync(folder);
}

/**
 * Makes sure that nobody else can put a socket where ours is expected: the folder must belong to this user (or root)
 * and be writable by nobody else. `create` makes it when it is not there.
 * @throws ControlError `unsafe`
 */
export function checkSocketFolder(socket: string, { create }: { readonly create: boolean }): void {
  const folder = dirname(socket);
  if (create) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return;
  const owners = [process.getuid?.(), 0];
  const isOurs = process.getuid === undefined || owners.includes(stats.uid);
  if (!stats.isDirectory() || !isOurs || (stats.mode & 0o022) !== 0) {
    throw new ControlError(
      'unsafe',
      `${folder} can be written by other users; chmod go-w it, or remove it if it is not yours`,
    );
  }
}
