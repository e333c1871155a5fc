import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prosodyBasics, prosodyCommand, spawnPeer } from '../../targets/debian.ts';
import { freePorts, type Ground, type Ports, type Program, startProgram, type Way } from './peer.ts';

const MODULES = 'roster saslauth tls dialback disco ping version register s2s_bidi smacks carbons';

/** Debian's Prosody, with a certificate for each of its domains; it asks the DNS of the test (by libunbound). */
export async function startProsody(
  ground: Ground,
  domains: Readonly<Record<string, Way>>,
  moreModules: readonly string[] = [],
): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), 'prosody-s2s-'));
  const ports = await freePorts();
  const certificates = join(folder, 'certs');
  mkdirSync(certificates);
  for (const [domain, way] of Object.entries(domains)) {
    const { cert, key } = ground.authority.issue({ dns: [domain] });
    copyFileSync(cert, join(certificates, `${domain}.crt`));
    copyFileSync(key, join(certificates, `${domain}.key`));
    ground.dns.announce(domain, way === 'direct' ? { tls: ports.s2sTls } : { plain: ports.s2s });
  }
  const modules = [MODULES, ...moreModules].join(' ');
  writeFileSync(join(folder, 'prosody.cfg.lua'), configure(folder, ports, ground, Object.keys(domains), modules));
  const launch = () => spawnPeer(prosodyCommand(folder), folder);
  return startProgram('Prosody', ports, launch, () => rmSync(folder, { recursive: true, force: true }));
}

function configure(
  folder: string,
  ports: Ports,
  { dns, authority }: Ground,
  domains: readonly string[],
  modules: string,
): string {
  return `${prosodyBasics(folder, modules)}
log = { debug = "${folder}/prosody.log" }
modules_disabled = { "offline" }
authentication = "internal_plain"
s2s_secure_auth = false
interfaces = { "127.0.0.1" }
c2s_ports = { ${ports.c2s} }
s2s_ports = { ${ports.s2s} }
s2s_direct_tls_ports = { ${ports.s2sTls} }
certificates = "${folder}/certs"
ssl = { cafile = "${authority.file}" }
unbound = {
  resolvconf = false; hoststxt = false; forward = "127.0.0.1@${dns.port}";
  options = { ["do-not-query-localhost:"] = "no", ["module-config:"] = "iterator" };
}
${domains.map((domain) => `VirtualHost "${domain}"`).join('\n')}
`;
}
