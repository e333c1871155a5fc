import { escapeAttribute, NS } from '@tutti/xmpp';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TLSSocket } from 'node:tls';

/** A way to connect that host-meta names: XEP-0156 §2.1. */
export interface Alternative {
  /** Such as urn:xmpp:alt-connections:websocket. */
  readonly rel: string;
  /** The path at this server. */
  readonly path: string;
  /** `ws` becomes `wss` where the server is reached by HTTPS, `http` becomes `https`. */
  readonly scheme: 'ws' | 'http';
}

interface Link {
  readonly rel: string;
  readonly href: string;
}

/** A host with an optional port, as it may stand in a URL. */
const HOST = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/**
 * Serves /.well-known/host-meta (XRD) and host-meta.json (JRD): RFC 6415, XEP-0156.
 * @param site `publicUrl`: where the world reaches this server, asked for each request; '' = where the request says that it did
 */
export function addHostMeta(
  app: FastifyInstance,
  site: { readonly publicUrl: string },
  alternatives: readonly Alternative[],
): void {
  const serve = (path: string, type: string, write: (links: readonly Link[]) => string) => {
    app.get(path, (request, reply) => {
      const { publicUrl } = site;
      const base = publicUrl === '' ? readBase(request) : publicUrl;
      // XEP-0156 §2.4: web clients of any origin may read it
      reply.header('access-control-allow-origin', '*');
      if (base === undefined)
        return reply.code(400).type('text/plain').send('The Host header is missing or malformed\n');
      const links = alternatives.map(({ rel, path: at, scheme }) => ({ rel, href: joinUrl(base, at, scheme) }));
      return send(reply, type, write(links));
    });
  };
  serve('/.well-known/host-meta', 'application/xrd+xml; charset=utf-8', writeXrd);
  serve('/.well-known/host-meta.json', 'application/json; charset=utf-8', (links) => JSON.stringify({ links }));
}

function send(reply: FastifyReply, type: string, body: string): FastifyReply {
  return reply.type(type).send(body);
}

function writeXrd(links: readonly Link[]): string {
  const lines = links.map(({ rel, href }) => `<Link rel='${escapeAttribute(rel)}' href='${escapeAttribute(href)}'/>`);
  return `<?xml version='1.0' encoding='utf-8'?>\n<XRD xmlns='${NS.xrd}'>${lines.join('')}</XRD>\n`;
}

/** The address that the request was sent to; undefined when it names none that could be one. */
function readBase({ socket, headers }: FastifyRequest): string | undefined {
  const { host } = headers;
  if (host === undefined || !HOST.test(host)) return undefined;
  return `${socket instanceof TLSSocket ? 'https' : 'http'}://${host}`;
}

function joinUrl(base: string, path: string, scheme: Alternative['scheme']): string {
  const url = new URL(base);
  const secure = url.protocol === 'https:' ? 's' : '';
  return `${scheme}${secure}://${url.host}${url.pathname.replace(/\/$/, '')}${path}`;
}
