#!/usr/bin/env node
// Finds a Node that can run Tutti, then starts it. Everything here must parse and run on Node 12, so that an old
// machine gets a clear sentence instead of a SyntaxError; hence no `?.`, no `??`, no top-level await, no `node:`.
import { spawn } from 'child_process';
import { existsSync } from 'fs';
import module, { createRequire } from 'module';
import { constants } from 'os';
import { dirname, join } from 'path';
import { fileURLToPath } from 'url';

const NEEDED = '24.15';
const CONDITION = '--conditions=source';
const require = createRequire(import.meta.url);
const source = new URL('../src/cli/main.ts', import.meta.url);
const isCheckout = existsSync(source);

function isNewEnough(version) {
  const have = version.replace('v', '').split('.').map(Number);
  const need = NEEDED.split('.').map(Number);
  return have[0] > need[0] || (have[0] === need[0] && have[1] >= need[1]);
}

/** The Node 24 that npm installed beside us as an optional dependency of the checkout, if there is one. */
function findRuntime() {
  const name = 'node-' + process.platform + '-' + process.arch;
  let manifest;
  try {
    manifest = require.resolve(name + '/package.json');
  } catch {
    return undefined;
  }
  const binary = join(dirname(manifest), 'bin', 'node');
  return isNewEnough(require(manifest).version) && existsSync(binary) ? binary : undefined;
}

/** Runs this file again by another Node or with another flag; signals go in, the exit code comes out. */
function runAgain(node, flags) {
  const args = flags.concat(process.execArgv, [fileURLToPath(import.meta.url)], process.argv.slice(2));
  // One process instead of two where Node can replace itself: a kill -9 then hits the server, not a stand-in.
  if (typeof process.execve === 'function') process.execve(node, [node].concat(args), process.env);
  const child = spawn(node, args, { stdio: 'inherit' });
  ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'].forEach(function (signal) {
    process.on(signal, function () {
      child.kill(signal);
    });
  });
  child.on('error', function (error) {
    fail('cannot run ' + node + ': ' + error.message);
  });
  child.on('exit', function (code, signal) {
    process.exit(signal ? 128 + constants.signals[signal] : code);
  });
}

function fail(message) {
  console.error('tutti: ' + message);
  process.exit(1);
}

function start() {
  if (!isNewEnough(process.version)) {
    const runtime = findRuntime();
    if (runtime) return runAgain(runtime, isCheckout ? [CONDITION] : []);
    const advice = isCheckout ? 'run "npm ci" in the checkout, or install Node 24' : 'install Node 24';
    return fail('needs Node ' + NEEDED + ' or newer, and this is ' + process.version + '; ' + advice + '.');
  }
  // A checkout runs its TypeScript: as a flag of the process, the condition reaches worker threads too.
  if (isCheckout && process.execArgv.indexOf(CONDITION) < 0) return runAgain(process.execPath, [CONDITION]);
  keepCompiledCode();
  return import(isCheckout ? source.href : '../bundle/main.js');
}

/**
 * Lets Node keep what it has compiled (and stripped of types) beside the dependencies, for the next start: half the time and, in a
 * checkout, 50 MB less. Where that folder can't be written, nothing is kept.
 */
function keepCompiledCode() {
  const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));
  const dependencies = isCheckout ? join(packageFolder, '../../node_modules') : dirname(packageFolder);
  if (!existsSync(dependencies)) return;
  const folder = join(dependencies, '.cache', 'tutti');
  module.enableCompileCache(folder);
  // Worker threads learn it from here
  process.env.NODE_COMPILE_CACHE = folder;
  // At its end Node writes what is new by itself; a server may have no end that it sees
  setTimeout(function () {
    module.flushCompileCache();
  }, 10000).unref();
}

start();
