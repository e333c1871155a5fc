import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, type Ground, type Ports, type Program, spawnQuietly, startProgram, type Way } from './peer.ts';

/** Debian's ejabberd, with a certificate for each of its domains; Erlang asks the DNS of the test. It runs alone, without Erlang's distribution. */
export async function startEjabberd(ground: Ground, domains: Readonly<Record<string, Way>>): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), 'ejabberd-s2s-'));
  const ports = await freePorts();
  const spool = join(folder, 'spool');
  mkdirSync(spool);
  const certificates: string[] = [];
  for (const [domain, way] of Object.entries(domains)) {
    const { cert, key } = ground.authority.issue({ dns: [domain] });
    const file = join(folder, `${domain}.pem`);
    writeFileSync(file, readFileSync(key, 'utf8') + readFileSync(cert, 'utf8'));
    certificates.push(file);
    ground.dns.announce(domain, way === 'direct' ? { tls: ports.s2sTls } : { plain: ports.s2s });
  }
  const config = join(folder, 'ejabberd.yml');
  writeFileSync(config, configure(ports, ground, Object.keys(domains), certificates));
  const inet = join(folder, 'inetrc');
  writeFileSync(
    inet,
    `{resolv_conf,""}.\n{hosts_file,""}.\n{lookup,[dns]}.\n{nameserver,{127,0,0,1},${ground.dns.port}}.\n`,
  );
  const env = {
    HOME: folder,
    ERL_LIBS: findLibraries(),
    EJABBERD_CONFIG_PATH: config,
    EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
    ERL_CRASH_DUMP: join(folder, 'crash.dump'),
    ERL_INETRC: inet,
    ERL_MAX_PORTS: '4096',
  };
  const args = ['+K', 'true', '-noinput', '-mnesia', 'dir', JSON.stringify(spool), '-s', 'ejabberd'];
  const launch = () => spawnQuietly('erl', args, env, folder);
  return startProgram('ejabberd', ports, launch, () => rmSync(folder, { recursive: true, force: true }));
}

function configure(
  ports: Ports,
  { authority }: Ground,
  domains: readonly string[],
  certificates: readonly string[],
): string {
  const list = (items: readonly string[]): string => items.map((item) => `  - "${item}"`).join('\n');
  return `
hosts:
${list(domains)}
loglevel: debug
log_rotate_count: 0
certfiles:
${list(certificates)}
ca_file: "${authority.file}"
s2s_use_starttls: required
registration_timeout: infinity
auth_password_format: plain
listen:
  - { port: ${ports.c2s}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: false, access: all, shaper: none }
  - { port: ${ports.s2s}, ip: "127.0.0.1", module: ejabberd_s2s_in, shaper: none }
  - { port: ${ports.s2sTls}, ip: "127.0.0.1", module: ejabberd_s2s_in, tls: true, shaper: none }
modules:
  mod_carboncopy: {}
  mod_disco: {}
  mod_ping: {}
  mod_register: { ip_access: all, access: all }
  mod_roster: {}
  mod_s2s_dialback: {}
`;
}

/** Debian keeps Erlang's libraries in the folder of the machine's architecture. */
function findLibraries(): string {
  for (const folder of readdirSync('/usr/lib').filter((name) => name.includes('-linux-gnu'))) {
    const path = join('/usr/lib', folder);
    if (readdirSync(path).some((name) => name.startsWith('ejabberd-'))) return path;
  }
  throw new Error('ejabberd is not where Debian puts it');
}
