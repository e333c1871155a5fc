/** What `tutti serve` tells the person who started it. */
import { relative } from 'node:path';
import type { LoadedConfig } from '../config/load.ts';
import type { CertificateInfo } from '../tls/certificates.ts';
import { findPageFolder } from '../places.ts';
import { makePaint, type Io } from './io.ts';
import type { ConfigFlags } from './options.ts';
import type { Listening } from './services.ts';

const PURPOSE: Readonly<Record<string, string>> = {
  c2s: 'clients, STARTTLS',
  c2s_tls: 'clients, direct TLS',
  s2s: 'other servers, STARTTLS',
  s2s_tls: 'other servers, direct TLS',
  http: 'WebSocket, BOSH, files, metrics',
};

/** What the banner tells of. */
export interface BannerFacts {
  readonly version: string;
  readonly loaded: LoadedConfig;
  readonly flags: ConfigFlags;
  readonly listening: readonly Listening[];
  readonly certificates: readonly CertificateInfo[];
}

/** Writes the banner: what listens, where the data is, how to add a user. */
export function formatBanner({ version, loaded, flags, listening, certificates }: BannerFacts, io: Io): string {
  const { config, file } = loaded;
  const paint = makePaint(io.stdout, io.env);
  const lines: [string, string][] = [];
  for (const { name, host, port } of listening) {
    lines.push(['listening', `${formatAddress(host, port).padEnd(22)} ${paint('dim', PURPOSE[name] ?? name)}`]);
  }
  const page = findPage(config, listening);
  if (page !== undefined) lines.push(['chat page', page]);
  for (const { file: certFile, selfSigned, expires } of certificates) {
    const kind = selfSigned ? 'self-signed, ' : '';
    lines.push(['certificate', `${shorten(certFile, io.cwd)} (${kind}until ${expires.toISOString().slice(0, 10)})`]);
  }
  lines.push(['data', config.data]);
  lines.push(['config', file === undefined ? 'defaults; tutti config print shows them' : shorten(file, io.cwd)]);
  lines.push(['add a user', paint('bold', formatAddUser(loaded, flags, io))]);
  const title = `${paint('bold', 'Tutti')} ${version} serves ${config.domains.join(', ')}`;
  const shown = lines.map(([label, text], index) => {
    const isRepeated = lines[index - 1]?.[0] === label;
    return `  ${paint('dim', (isRepeated ? '' : label).padEnd(12))} ${text}`;
  });
  return `${[title, ...shown].join('\n')}\n`;
}

/** Where the chat page is, if there is one. */
function findPage({ http }: LoadedConfig['config'], listening: readonly Listening[]): string | undefined {
  const address = listening.find(({ name }) => name === 'http');
  if (address === undefined || !http.page || findPageFolder() === undefined) return undefined;
  if (http.publicUrl !== '') return http.publicUrl;
  // Browsers take no other name of this machine for a safe one.
  const host = address.host === '127.0.0.1' ? `localhost:${address.port}` : formatAddress(address.host, address.port);
  return `http://${host}/`;
}

/** The command that adds a user to this server, as it has to be typed in the folder where the server was started. */
function formatAddUser({ config, origin }: LoadedConfig, flags: ConfigFlags, io: Io): string {
  const isRunByNpm = (io.env['npm_lifecycle_event'] ?? '') !== '';
  const words = [
    ...(isRunByNpm ? ['npx', 'tutti'] : ['tutti']),
    'user',
    'add',
    `alice@${config.domains[0] ?? 'localhost'}`,
  ];
  if (flags.config !== undefined) words.push('--config', flags.config);
  const data = origin(['data']);
  if (data.kind === 'option') words.push('--data', shorten(config.data, io.cwd));
  if (origin(['domains']).kind === 'option') for (const domain of config.domains) words.push('--domain', domain);
  return words.map(quote).join(' ');
}

function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function shorten(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short === '' || short.startsWith('..') ? path : short;
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
