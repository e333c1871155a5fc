/** Where the control socket of a data folder is. */
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, realpathSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
  return join(temporary, `${FOLDER_PREFIX}${statSync(real).uid}-${hash}`, 'control.sock');
}

/** Removes the folder that was made for a socket, where one was. */
export function removeSocketFolder(socket: string): void {
  const folder = dirname(socket);
  if (basename(folder).startsWith(FOLDER_PREFIX) && readdirSync(folder).length === 0) rmdirSync(folder);
}

/**
 * Makes sure that nobody else can put a socket where that of a data folder is expected. `create` makes the folder for it
 * when it is not there.
 * @throws ControlError `unsafe`
 */
export function checkSocketFolder(socket: string, dataDir: string, { create }: { readonly create: boolean }): void {
  const folder = dirname(socket);
  if (create) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  const isSafe = stats?.isDirectory() === true && isTrusted(stats, listOwners(dataDir)) && (stats.mode & 0o022) === 0;
  if (stats === undefined || isSafe) return;
  const advice = 'chmod go-w it, or run this as the user that owns it';
  throw new ControlError('unsafe', `${folder} is not for this user alone; ${advice}`);
}

/**
 * Makes sure that a socket is by a server that may be told passwords.
 * @throws ControlError `not-running` when there is none, `unsafe`
 */
export function checkSocket(socket: string, dataDir: string): void {
  const stats = lstatSync(socket, { throwIfNoEntry: false });
  if (stats === undefined) throw new ControlError('not-running', 'no server is running');
  if (isTrusted(stats, listOwners(dataDir))) return;
  throw new ControlError('unsafe', `${socket} belongs to another user; run this as the user that runs the server`);
}

/** Whose sockets a user may trust; undefined where there are no users. */
export function listTrusted(user: number | undefined, owner: number): readonly number[] | undefined {
  if (user === undefined) return undefined;
  return user === 0 ? [0, owner] : [user, 0]; // root administers the servers of others
}

function listOwners(dataDir: string): readonly number[] | undefined {
  return listTrusted(process.getuid?.(), statSync(dataDir).uid);
}

function isTrusted({ uid }: { readonly uid: number }, trusted: readonly number[] | undefined): boolean {
  return trusted === undefined || trusted.includes(uid);
}
