import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync } from 'node:fs';

/** The Python that Debian's packages are installed for; another may come first on the PATH. */
export const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

/** Programs that tests talk to and that npm does not install: the Debian package, and a command that proves it is there. */
const peers = {
  slixmpp: { debian: 'python3-slixmpp', probe: [python, '-c', 'import slixmpp'] },
  // slixmpp sends files with it.
  aiohttp: { debian: 'python3-aiohttp', probe: [python, '-c', 'import aiohttp'] },
  prosody: { debian: 'prosody', probe: ['sh', '-c', 'command -v prosody'] },
  // Prosody needs it to ask a DNS server of the test's own.
  'lua-unbound': { debian: 'lua-unbound', probe: ['sh', '-c', 'ls /usr/lib/*/lua/5.*/lunbound.so'] },
  openssl: { debian: 'openssl', probe: ['openssl', 'version'] },
  ejabberd: { debian: 'ejabberd', probe: ['sh', '-c', 'command -v ejabberdctl || test -x /usr/sbin/ejabberdctl'] },
  // Its presence is not enough: a container may forbid it to look at other processes.
  strace: { debian: 'strace', probe: ['strace', '-f', '-o', '/dev/null', 'true'] },
  chromium: { debian: 'chromium', probe: ['sh', '-c', 'command -v chromium'] },
  profanity: { debian: 'profanity', probe: ['sh', '-c', 'command -v profanity'] },
  // Profanity's terminal.
  tmux: { debian: 'tmux', probe: ['tmux', '-V'] },
} as const;

export type PeerName = keyof typeof peers;

/** A suite that did not run, as `npm test` reports it at its end. */
export interface MissingPeer {
  readonly peer: PeerName;
  readonly debian: string;
  readonly suite: string;
}

/**
 * Tells whether a peer is installed, for `describe.runIf(requirePeer('slixmpp', 'slixmpp over STARTTLS'))(…)`.
 * A missing one is written down, so that `npm test` names the suite that did not run; where CI=true it is an error.
 */
export function requirePeer(peer: PeerName, suite: string): boolean {
  const { debian, probe } = peers[peer];
  const [command, ...args] = probe;
  if (spawnSync(command, args, { stdio: 'ignore' }).status === 0) return true;
  const missing: MissingPeer = { peer, debian, suite };
  if (process.env['CI'] === 'true') {
    throw new Error(`${suite}: needs ${peer}; add ${debian} to .ci/debian-packages, from which .ci/run installs it`);
  }
  const report = process.env['TUTTI_MISSING_PEERS'];
  if (report === undefined) console.warn(`NOT RUN: ${suite}: needs ${peer} (Debian: ${debian})`);
  else appendFileSync(report, `${JSON.stringify(missing)}\n`);
  return false;
}
