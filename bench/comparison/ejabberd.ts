import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ejabberdCommand } from '../../conformance/targets/debian.ts';
import { readDebianVersion } from '../debian.ts';
import type { PeerRecipe } from './contestant.ts';

/** Where ejabberd keeps its archives: its default, or SQLite. */
export type EjabberdStorage = 'mnesia' | 'sqlite';

/** The tables of the old schema, which is the one that ejabberd uses unless told otherwise. */
const SCHEMA = '/usr/share/ejabberd/sql/lite.sql';

/** Debian's ejabberd with archive, Carbons and stream management, without its limits on speed. */
export function ejabberd(storage: EjabberdStorage): PeerRecipe {
  return {
    name: 'ejabberd',
    version: readDebianVersion('ejabberd'),
    configuration: `${storage === 'mnesia' ? 'Mnesia' : 'SQLite'}, mod_mam, mod_carboncopy, mod_stream_mgmt`,
    async prepare(folder, port) {
      await writeFile(join(folder, 'ejabberd.yml'), configure(folder, port, storage));
      await writeFile(join(folder, 'inetrc'), '{lookup,["file","native"]}.\n');
    },
    command: (folder) => ejabberdCommand(folder, 'inetrc'),
  };
}

function configure(folder: string, port: number, storage: EjabberdStorage): string {
  if (storage === 'sqlite' && !existsSync(SCHEMA)) throw new Error(`${SCHEMA} is missing`);
  const sql = `
default_db: sql
sql_type: sqlite
sql_database: "${folder}/ejabberd.sqlite"
`;
  return `
hosts: [localhost]
loglevel: error
auth_method: ${storage === 'sqlite' ? 'sql' : 'internal'}
auth_password_format: plain
registration_timeout: infinity
${storage === 'sqlite' ? sql : ''}
listen:
  -
    port: ${port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    max_stanza_size: 262144
    shaper: none
    access: all
modules:
  mod_carboncopy: {}
  mod_disco: {}
  mod_mam:
    default: always
    assume_mam_usage: true
    request_activates_archiving: false
  mod_ping: {}
  mod_register:
    ip_access: all
    access: all
    captcha_protected: false
  mod_roster: {}
  mod_stream_mgmt:
    resend_on_timeout: if_offline
`;
}
