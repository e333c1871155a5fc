// Installs what a fresh clone lacks, and nothing when everything is there. Plain JavaScript for Node 18 and newer:
// it runs before Node 24 is at hand. npm's own record of what it installed (node_modules/.package-lock.json) is the
// stamp, so an `npm install` typed by hand counts too.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const NEEDED = [24, 15];
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const lockFile = join(root, '.install.lock');

/** @param {string} version such as 'v24.15.0' */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

/** Whether Node 24 will run our sources: this one, or the one npm puts on the PATH of its scripts. */
function hasRuntime() {
  if (isNewEnough(process.version)) return true;
  const local = spawnSync(join(root, 'node_modules/.bin/node'), ['--version'], { encoding: 'utf8' });
  return local.status === 0 && isNewEnough(local.stdout.trim());
}

/** Says why an install is needed, or gives undefined when every package of the lockfile is there. */
function findReason() {
  const record = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return 'node_modules is missing';
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(record, 'utf8')).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes('node_modules/')) {
      const bin = Object.keys(entry.bin ?? {}).find((name) => !existsSync(join(root, 'node_modules/.bin', name)));
      if (bin !== undefined) return `node_modules/.bin/${bin} is missing`;
      continue;
    }
    const found = present[path];
    // Optional packages for other machines are in the lockfile, never in node_modules.
    if (found === undefined && entry.optional === true) continue;
    if (found === undefined || found.version !== entry.version) return `${path} is not what package-lock.json says`;
    if (!existsSync(join(root, path, 'package.json'))) return `${path} is missing`;
  }
  return hasRuntime() ? undefined : `${process.version} is too old and Node 24 is not in node_modules`;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Takes the lock, waiting for another run that installs in the same checkout; a dead holder's lock is taken over. */
async function takeLock() {
  for (;;) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    await sleep(200);
    let holder = '';
    try {
      holder = readFileSync(lockFile, 'utf8');
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
      continue;
    }
    if (!isAlive(Number(holder))) rmSync(lockFile, { force: true });
  }
}

function install(reason) {
  console.log(`Installing dependencies: ${reason}.`);
  // The npm that started us, run by the Node that runs it: .bin/node may be among what is replaced. Not `npm ci`, which
  // empties node_modules first, under the feet of whatever else runs in this checkout; --no-save keeps the lockfile.
  const { npm_execpath: npm, npm_node_execpath: node } = process.env;
  const [command, first] = npm?.endsWith('.js') ? [node ?? process.execPath, [npm]] : ['npm', []];
  const args = [
    ...first,
    'install',
    '--no-save',
    '--include=dev',
    '--include=optional',
    '--loglevel=error',
    '--no-progress',
  ];
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1;
}

let status = 0;
if (findReason() !== undefined) {
  await takeLock();
  try {
    const reason = findReason();
    if (reason !== undefined) status = install(reason);
  } finally {
    rmSync(lockFile, { force: true });
  }
}
if (status === 0 && !hasRuntime()) {
  console.error(
    `Tutti needs Node ${NEEDED.join('.')} or newer; this is ${process.version}, and npm has no Node 24 for ` +
      `${process.platform}-${process.arch}. Install Node 24 and run the command again.`,
  );
  status = 1;
}
process.exitCode = status;
