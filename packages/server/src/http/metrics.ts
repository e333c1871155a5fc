import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isLoopback } from '../stream/address.ts';

/** Serves /metrics in the Prometheus text format to this machine only, and not to whom a proxy on it speaks for. */
export function addMetrics(app: FastifyInstance, metrics: () => string | Promise<string>): void {
  app.get('/metrics', async (request, reply) => {
    if (!isFromHere(request)) return reply.code(403).type('text/plain').send('Only from this machine\n');
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics());
  });
}

function isFromHere({ socket, headers }: FastifyRequest): boolean {
  const forwarded = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
  return !forwarded && isLoopback(socket.remoteAddress ?? '');
}
