import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { chooseEncoding, readStaticFiles, type StaticFile } from './static-files.ts';

/** The chat page, and what it may do. */
export interface PageOptions {
  /** The folder of its files, which are read once. */
  readonly folder: string;
  /** The domains served, the first for names without one. */
  readonly domains: readonly string[];
  /** Whether anybody may make an account (XEP-0077). Read for each request. */
  readonly registration: boolean;
  /** Whether the page is served. Read for each request. */
  readonly enabled: boolean;
  /** Origins beside its own that it may speak with, such as where files are uploaded to. Read for each request. */
  readonly origins: readonly string[];
  /** Where the world reaches this server; '' = at its domains and this port. Read for each request. */
  readonly publicUrl: string;
}

/** What a browser keeps for a year, RFC 9111 §5.2.2; a year is what all caches understand. */
const FOREVER = 'public, max-age=31536000, immutable';

/** Where invitation links may lead besides `/`: XEP-0379 §3.3, XEP-0401 §5.1. What they say is in the fragment. */
const DOORS = ['/i', '/i/', '/invite', '/invite/'];

/** Serves the chat page at `/`. False when its folder is empty or missing: then there is none. */
export function addPage(app: FastifyInstance, options: PageOptions): boolean {
  const files = readStaticFiles(options.folder) ?? [];
  const start = files.find(({ path }) => path === '/index.html');
  if (start === undefined) return false;
  const serve = (path: string, file: StaticFile): void => {
    app.get(path, (request, reply) => (options.enabled ? give(request, reply, file, options) : refuse(reply)));
  };
  serve('/', start);
  for (const file of files) if (file !== start) serve(file.path, file);
  // Relative, so that it works below a proxy's path too; the fragment stays.
  for (const door of DOORS) app.get(door, (_request, reply) => reply.redirect(door.endsWith('/') ? '../' : './', 302));
  app.get('/page.json', (_request, reply) =>
    reply
      .header('cache-control', 'no-cache')
      .header('x-content-type-options', 'nosniff')
      .send({ domains: options.domains, registration: options.registration }),
  );
  return true;
}

function refuse(reply: FastifyReply): FastifyReply {
  return reply.code(404).type('text/plain; charset=utf-8').send('There is no page here.\n');
}

async function give(
  { headers, socket }: FastifyRequest,
  reply: FastifyReply,
  file: StaticFile,
  options: PageOptions,
): Promise<FastifyReply> {
  const encoding = chooseEncoding(headers['accept-encoding']);
  const encoded = encoding === undefined ? undefined : await file.encode(encoding);
  reply.headers({
    'cache-control': file.isForever ? FOREVER : 'no-cache',
    etag: file.etag,
    vary: 'accept-encoding',
    'x-content-type-options': 'nosniff',
    'content-security-policy': writePolicy(readOrigins(options, socket.localPort)),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'referrer-policy': 'no-referrer',
  });
  // RFC 9110 §13.1.2: whatever its encoding, it is the same file.
  if (headers['if-none-match']?.includes(file.etag) === true) return reply.code(304).send();
  if (encoding !== undefined && encoded !== undefined) reply.header('content-encoding', encoding);
  return reply.type(file.type).send(encoded ?? file.body);
}

/** Who opens the page by another name than the server has, by its IP address say, still uploads to the name. */
function readOrigins({ origins, publicUrl, domains }: PageOptions, port: number | undefined): readonly string[] {
  // Of a connection that is gone meanwhile there is no port.
  const named = port === undefined ? [] : domains.map((domain) => `http://${domain}:${port}`);
  const own = publicUrl === '' ? named : [publicUrl];
  return [...own.map((url) => new URL(url).origin), ...origins];
}

/**
 * What the page may do: run its own scripts only, speak with its own server only. Pictures of other servers are
 * asked for when the user wants one.
 */
function writePolicy(origins: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' https: ${origins.join(' ')}`,
    `connect-src 'self' ${origins.join(' ')}`,
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types tutti',
  ]
    .map((rule) => rule.trim())
    .join('; ');
}
