/** What `tutti doctor` examines. Every check looks, and changes nothing. */
import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { LoadedConfig } from '../config/load.ts';
import { ConfigError, describeProblem } from '../config/problems.ts';
import { connectControl } from '../control/client.ts';
import { ControlError } from '../control/errors.ts';
import { formatSize } from '../config/values.ts';
import { inspectCertificates } from '../tls/inspect.ts';
import type { ServerStatus } from './launch.ts';
import type { Services } from './services.ts';

/** One line of the report. */
export interface Finding {
  /** What was examined: "node", "config", "data", "database", "certificate", "server", "port", "files", "clock". */
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  /** What was found, and what to do about it. */
  readonly message: string;
}

const NEEDED_NODE = [24, 15] as const;
const MIB = 1_048_576;
const LITTLE_SPACE = 1024 * MIB;
const NO_SPACE = 100 * MIB;
const OLDEST_CLOCK = Date.UTC(2026, 0, 1);
const CLOCK_SLACK_MS = 5000;

/** The version of Node. */
export function checkNode(version = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isGood = major > NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor >= NEEDED_NODE[1]);
  if (isGood) return { check: 'node', status: 'ok', message: `Node ${version}` };
  return {
    check: 'node',
    status: 'fail',
    message: `Node ${version} is too old; install ${NEEDED_NODE.join('.')} or newer`,
  };
}

/** The configuration, as far as it could be loaded. */
export function checkConfig(loaded: LoadedConfig | ConfigError): Finding[] {
  if (loaded instanceof ConfigError) {
    return loaded.problems.map((problem) => ({ check: 'config', status: 'fail', message: describeProblem(problem) }));
  }
  const { file, warnings } = loaded;
  if (warnings.length > 0) return warnings.map((message) => ({ check: 'config', status: 'warn', message }));
  return [
    {
      check: 'config',
      status: 'ok',
      message: file === undefined ? 'no file, everything has its default' : `${file} is valid`,
    },
  ];
}

/** The data folder: whose it is, who may read it, how much room is left. */
export function checkDataDir(dataDir: string): Finding[] {
  const check = 'data';
  if (!existsSync(dataDir)) {
    const parent = findParent(dataDir);
    if (isAccessible(parent)) return [{ check, status: 'ok', message: `${dataDir} will be made at the first start` }];
    return [{ check, status: 'fail', message: `${dataDir} cannot be made: this user may not write to ${parent}` }];
  }
  const stats = statSync(dataDir);
  if (!stats.isDirectory())
    return [{ check, status: 'fail', message: `${dataDir} is not a folder; choose another with --data` }];
  if (!isAccessible(dataDir)) {
    const message = `${dataDir} may not be written by this user; run this as the user that runs the server, or chown it`;
    return [{ check, status: 'fail', message }];
  }
  const findings: Finding[] = [];
  if ((stats.mode & 0o077) !== 0) {
    findings.push({ check, status: 'warn', message: `${dataDir} can be entered by other users; chmod 700 it` });
  }
  const { bavail, bsize } = statfsSync(dataDir);
  findings.push(judgeSpace(dataDir, bavail * bsize));
  return findings;
}

/** The room left for the data folder, in bytes. */
export function judgeSpace(dataDir: string, free: number): Finding {
  const left = `${dataDir} has ${formatSize(Math.floor(free / MIB) * MIB)} left`;
  if (free < NO_SPACE)
    return { check: 'data', status: 'fail', message: `${left}; messages will soon be refused: make room` };
  if (free < LITTLE_SPACE) return { check: 'data', status: 'warn', message: `${left}; make room` };
  return { check: 'data', status: 'ok', message: `${dataDir}, ${Math.floor(free / (1024 * MIB))} GiB left` };
}

/** Whether the database can be opened and has a version that we know. */
export async function checkDatabase(config: Config, { describeDatabase }: Services): Promise<Finding> {
  const check = 'database';
  if (!existsSync(config.data)) return { check, status: 'ok', message: 'will be made at the first start' };
  try {
    return { check, status: 'ok', message: (await describeDatabase(config)) ?? 'will be made at the first start' };
  } catch (error) {
    return { check, status: 'fail', message: (error as Error).message };
  }
}

/** The certificates: readable, of the right key, for the right domains, not expired. */
export function checkCertificates(config: Config, now: number): Finding[] {
  return inspectCertificates(config, config.data, now).map((report) => ({ check: 'certificate', ...report }));
}

/** Whether a server runs on the data folder, and what it tells of itself. */
export async function checkServer(
  config: Config,
): Promise<{ readonly finding: Finding; readonly status?: ServerStatus }> {
  const check = 'server';
  try {
    const client = await connectControl(config.data, { timeoutMs: 3000 });
    try {
      const status = (await client.call('server.status')) as ServerStatus;
      const message = `running: version ${status.version}, process ${status.pid}, since ${new Date(status.startedAt).toISOString()}`;
      return { finding: { check, status: 'ok', message }, status };
    } finally {
      client.close();
    }
  } catch (error) {
    if (error instanceof ControlError && error.code === 'not-running') {
      return { finding: { check, status: 'ok', message: 'not running; tutti serve starts it' } };
    }
    return { finding: { check, status: 'fail', message: (error as Error).message } };
  }
}

/** Whether the ports are free, or taken by our own server. */
export async function checkPorts(config: Config, status: ServerStatus | undefined): Promise<Finding[]> {
  const { c2s, c2sTls, s2s, s2sTls, http } = config;
  const servers = s2s.enabled ? { s2s, s2s_tls: s2sTls } : {};
  const listeners = Object.entries({ c2s, c2s_tls: c2sTls, ...servers, http });
  const enabled = listeners.filter(([, listener]) => listener.enabled && listener.port !== 0);
  return await Promise.all(
    enabled.map(async ([name, { host, port }]): Promise<Finding> => {
      const place = `${host} port ${port} [${name}]`;
      const isOurs = status?.listening.some((listening) => listening.port === port && listening.name === name) === true;
      if (isOurs) return { check: 'port', status: 'ok', message: `${place}: the server listens` };
      const code = await tryToListen(host, port);
      if (code === undefined) {
        if (status === undefined) return { check: 'port', status: 'ok', message: `${place}: free` };
        return {
          check: 'port',
          status: 'warn',
          message: `${place}: the running server does not listen there; restart it`,
        };
      }
      return { check: 'port', status: 'fail', message: `${place}: ${explainListenCode(code, name)}` };
    }),
  );
}

/** Whether the clock can be right: the order of messages does not hang on it, but their dates and the certificates do. */
export function checkClock(dataDir: string, now: number): Finding {
  const check = 'clock';
  const shown = new Date(now).toISOString();
  if (now < OLDEST_CLOCK) return { check, status: 'fail', message: `${shown} cannot be right; set the clock` };
  const files = isAccessible(dataDir) ? readdirSync(dataDir).map((name) => join(dataDir, name)) : [];
  const newest = Math.max(0, ...files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0));
  if (newest <= now + CLOCK_SLACK_MS) return { check, status: 'ok', message: shown };
  const message = `${shown} is before the last change of the data (${new Date(newest).toISOString()}); was the clock put back?`;
  return { check, status: 'warn', message };
}

function findParent(path: string): string {
  const parent = dirname(path);
  return existsSync(parent) || parent === path ? parent : findParent(parent);
}

function isAccessible(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false; // why is told by the caller, who knows what it wanted there
  }
}

function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function explainListenCode(code: string, name: string): string {
  if (code === 'EADDRINUSE') return `in use by another program; stop that, or set [${name}] port`;
  if (code === 'EACCES') return `not allowed to this user; set [${name}] port to one from 1024 on`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `not an address of this machine; set [${name}] host`;
  return `cannot be listened on (${code})`;
}
