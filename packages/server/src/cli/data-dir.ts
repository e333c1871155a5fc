/** The folder that holds everything the server keeps. */
import { accessSync, constants } from 'node:fs';
import { makeFolder } from '../folder.ts';
import { CliError } from './exit.ts';

/**
 * Makes the data folder where there is none, for this user only.
 * @throws CliError when it cannot be made or written
 */
export function prepareDataDir(dataDir: string): void {
  try {
    makeFolder(dataDir);
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new CliError(`${dataDir}: ${explain(error as NodeJS.ErrnoException)}; choose another with --data`);
  }
}

function explain({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not write there';
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'is not a folder';
  return code === 'ENOSPC' ? 'the disk is full' : code === 'EROFS' ? 'the disk is read-only' : message;
}
