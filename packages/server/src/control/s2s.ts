/** What waits for other domains, over the control socket: the handlers on the server, and the questions on the client. */
import * as z from 'zod';
import type { ControlClient } from './client.ts';
import { ControlError } from './errors.ts';
import type { ControlHandlers } from './server.ts';

const queueSchema = z.object({
  from: z.string(),
  to: z.string(),
  messages: z.number(),
  bytes: z.number(),
  oldest: z.number().optional(),
  state: z.enum(['idle', 'sending', 'waiting']),
  failure: z.string().optional(),
  failedAt: z.number().optional(),
  nextTry: z.number().optional(),
});
const connectionSchema = z.object({
  direction: z.enum(['in', 'out']),
  local: z.string(),
  remote: z.string(),
  state: z.enum(['open', 'connecting']),
  waiting: z.number(),
});
const reportSchema = z.object({ queues: z.array(queueSchema), connections: z.array(connectionSchema) });
const listParams = z.object({ domain: z.string().optional() });
const oneDomain = z.object({ domain: z.string() });

/** Queues and connections; times in ms since 1970 UTC. */
export type RemoteReport = z.infer<typeof reportSchema>;

/** What leaves the server, for the control socket. */
export interface RemoteControl {
  list(domain: string | undefined): Promise<RemoteReport>;
  /** S7: returns what waits for a domain to its senders; gives how many messages that is. */
  drop(domain: string): number;
  /** Tries again now, for one domain or all; gives how many queues waited. */
  retry(domain: string | undefined): number;
}

/** The handlers s2s.list, s2s.drop and s2s.retry. */
export function remoteHandlers({ remote }: { readonly remote: RemoteControl }): ControlHandlers {
  return {
    's2s.list': (params) => remote.list(parse(listParams, params).domain),
    's2s.drop': (params) => remote.drop(parse(oneDomain, params).domain),
    's2s.retry': (params) => remote.retry(parse(listParams, params).domain),
  };
}

export async function listRemote(client: ControlClient, domain?: string): Promise<RemoteReport> {
  return reportSchema.parse(await client.call('s2s.list', { domain }));
}

export async function dropRemote(client: ControlClient, domain: string): Promise<number> {
  return z.number().parse(await client.call('s2s.drop', { domain }));
}

export async function retryRemote(client: ControlClient, domain?: string): Promise<number> {
  return z.number().parse(await client.call('s2s.retry', { domain }));
}

function parse<T>(schema: z.ZodType<T>, params: unknown): T {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  throw new ControlError('bad-request', z.prettifyError(parsed.error).replaceAll('\n', ' '));
}
