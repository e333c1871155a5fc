import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, type Ground, type Ports, type Program, spawnQuietly, startProgram, type Way } from './peer.ts';

const MODULES = [
  'roster',
  'saslauth',
  'tls',
  'dialback',
  'disco',
  'ping',
  'version',
  'register',
  's2s_bidi',
  'smacks',
  'carbons',
];

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
  const config = join(folder, 'prosody.cfg.lua');
  writeFileSync(
    config,
    configure(folder, ports, ground, { domains: Object.keys(domains), modules: [...MODULES, ...moreModules] }),
  );
  const launch = () => spawnQuietly('prosody', ['-F', '--config', config], {}, folder);
  return startProgram('Prosody', ports, launch, () => rmSync(folder, { recursive: true, force: true }));
}

function configure(
  folder: string,
  ports: Ports,
  { dns, authority }: Ground,
  { domains, modules }: { readonly domains: readonly string[]; readonly modules: readonly string[] },
): string {
  const quote = (words: readonly string[]): string => words.map((word) => `"${word}"`).join(', ');
  return `
run_as_root = true
pidfile = "${folder}/prosody.pid"
data_path = "${folder}"
log = { debug = "${folder}/prosody.log" }
modules_enabled = { ${quote(modules)} }
modules_disabled = { "offline" }
allow_registration = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
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
