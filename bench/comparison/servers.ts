import { readNames } from '../../scripts/arguments.ts';
import { keepInstalled } from '../debian.ts';
import { type Contestant, startPeer } from './contestant.ts';
import { ejabberd } from './ejabberd.ts';
import { prosody } from './prosody.ts';
import { startTutti } from './tutti.ts';

/** A server and the kind of its clients. */
export interface Server {
  /** IM-NG, or Carbons and archive as everywhere else. */
  readonly imNg: boolean;
  /** Debian packages that it needs. */
  readonly packages: readonly string[];
  start(): Promise<Contestant>;
}

/** Everything that can be compared, by the name that `--servers` takes. */
export const servers = {
  tutti: { imNg: true, packages: [], start: () => startTutti('IM-NG') },
  'tutti-carbons': { imNg: false, packages: [], start: () => startTutti('Carbons') },
  prosody: { imNg: false, packages: ['prosody'], start: () => startPeer(prosody('internal')) },
  'prosody-sqlite': {
    imNg: false,
    packages: ['prosody', 'lua-dbi-sqlite3'],
    start: () => startPeer(prosody('sqlite')),
  },
  ejabberd: { imNg: false, packages: ['ejabberd'], start: () => startPeer(ejabberd('mnesia')) },
  'ejabberd-sqlite': {
    imNg: false,
    packages: ['ejabberd', 'erlang-p1-sqlite3'],
    start: () => startPeer(ejabberd('sqlite')),
  },
} as const satisfies Readonly<Record<string, Server>>;

export type ServerName = keyof typeof servers;

/** The servers that a list names, all without one; those that are installed. Ends the process for a name nobody has. */
export function chooseServers(list: string | undefined): readonly ServerName[] {
  const known = Object.keys(servers) as ServerName[];
  return keepInstalled(list === undefined ? known : readNames('servers', list, known), servers);
}
