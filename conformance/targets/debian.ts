/** Debian's servers, as each of our rigs runs them: in a folder of its own, on loopback. What they are configured for is the rig's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** How a server is started in its folder. */
export interface PeerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Prosody, with the `prosody.cfg.lua` in the folder. */
export function prosodyCommand(folder: string): PeerCommand {
  return { program: 'prosody', args: ['-F', '--config', join(folder, 'prosody.cfg.lua')], env: {} };
}

/** The lines that each of our configurations of Prosody begins with; whoever likes registers, without TLS. `modules`: separated by spaces. */
export function prosodyBasics(folder: string, modules: string): string {
  const enabled = modules.split(' ').map((name) => `"${name}"`);
  return `
run_as_root = true
pidfile = "${folder}/prosody.pid"
data_path = "${folder}"
log = { error = "${folder}/error.log" }
modules_enabled = { ${enabled.join(', ')} }
allow_registration = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
`;
}

/**
 * ejabberd, with the `ejabberd.yml` in the folder. The options are those of ejabberdctl; without a node name, and so without Erlang's distribution, it
 * needs no epmd and no user of its own.
 * @param inetrc a file in the folder that says how names are looked up
 */
export function ejabberdCommand(folder: string, inetrc?: string): PeerCommand {
  const spool = join(folder, 'spool');
  mkdirSync(spool, { recursive: true });
  return {
    program: 'erl',
    args: ['+K', 'true', '+P', '250000', '-noinput', '-mnesia', 'dir', JSON.stringify(spool), '-s', 'ejabberd'],
    env: {
      HOME: folder,
      ERL_LIBS: findLibraries(),
      EJABBERD_CONFIG_PATH: join(folder, 'ejabberd.yml'),
      EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
      ERL_CRASH_DUMP: join(folder, 'crash.dump'),
      ERL_MAX_PORTS: '32000',
      ...(inetrc === undefined ? {} : { ERL_INETRC: join(folder, inetrc) }),
    },
  };
}

/** Starts a server; what it has to say is in its own logs. */
export function spawnPeer({ program, args, env }: PeerCommand, folder: string): ChildProcess {
  return spawn(program, args, { stdio: 'ignore', cwd: folder, env: { ...process.env, ...env } });
}

/** Debian keeps Erlang's libraries in the folder of the machine's architecture. */
function findLibraries(): string {
  for (const folder of readdirSync('/usr/lib').filter((name) => name.includes('-linux-gnu'))) {
    const path = join('/usr/lib', folder);
    if (readdirSync(path).some((name) => name.startsWith('ejabberd-'))) return path;
  }
  throw new Error('ejabberd is not where Debian puts it');
}
