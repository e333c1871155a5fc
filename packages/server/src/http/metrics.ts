import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isLoopback } from '../stream/address.ts';

/** Makes the text; undefined while there are to be no metrics. */
export type MetricsSource = () => string | undefined | Promise<string | undefined>;

/** Serves /metrics in the Prometheus text format to this machine only, and not to whom a proxy on it speaks for. */
export function addMetrics(app: FastifyInstance, metrics: MetricsSource): void {
  app.get('/metrics', async (request, reply) => {
    if (!isFromHere(request)) return reply.code(403).type('text/plain').send('Only from this machine\n');
    const text = await metrics();
    if (text === undefined) return reply.callNotFound();
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text);
  });
}

function isFromHere({ socket, headers }: FastifyRequest): boolean {
  const forwarded = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
  return !forwarded && isLoopback(socket.remoteAddress ?? '');
}
