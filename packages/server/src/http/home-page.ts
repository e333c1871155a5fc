import type { FastifyInstance } from 'fastify';

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Tutti</title>
<h1>Tutti</h1>
<p>This is an XMPP server. Point a chat client at it, not a browser:
TCP as the domain's DNS says, or WebSocket at <code>/xmpp-websocket</code>.</p>
</html>
`;

/** Says what this is to who looks at it with a browser. */
export function addHomePage(app: FastifyInstance): void {
  app.get('/', (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'")
      .header('x-content-type-options', 'nosniff')
      .send(PAGE),
  );
}
