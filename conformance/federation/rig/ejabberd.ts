import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ejabberdCommand, spawnPeer } from '../../targets/debian.ts';
import { freePorts, type Ground, type Ports, type Program, startProgram, type Way } from './peer.ts';

/** Debian's ejabberd, with a certificate for each of its domains; Erlang asks the DNS of the test. */
export async function startEjabberd(ground: Ground, domains: Readonly<Record<string, Way>>): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), 'ejabberd-s2s-'));
  const ports = await freePorts();
  const certificates: string[] = [];
  for (const [domain, way] of Object.entries(domains)) {
    const { cert, key } = ground.authority.issue({ dns: [domain] });
    const file = join(folder, `${domain}.pem`);
    writeFileSync(file, readFileSync(key, 'utf8') + readFileSync(cert, 'utf8'));
    certificates.push(file);
    ground.dns.announce(domain, way === 'direct' ? { tls: ports.s2sTls } : { plain: ports.s2s });
  }
  writeFileSync(join(folder, 'ejabberd.yml'), configure(ports, ground, Object.keys(domains), certificates));
  writeFileSync(
    join(folder, 'inetrc'),
    `{resolv_conf,""}.\n{hosts_file,""}.\n{lookup,[dns]}.\n{nameserver,{127,0,0,1},${ground.dns.port}}.\n`,
  );
  const launch = () => spawnPeer(ejabberdCommand(folder, 'inetrc'), folder);
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
