/** Sessions over the control socket: the handler on the server, and the question on the client. */
import * as z from 'zod';
import type { SessionReport } from '../core/session-report.ts';
import type { ControlClient } from './client.ts';
import { ControlError } from './errors.ts';
import type { ControlHandlers } from './server.ts';

const paramsSchema = z.object({ account: z.string().optional() });
const reportSchema = z.object({
  jid: z.string(),
  kind: z.enum(['im-ng', 'legacy']),
  state: z.enum(['connected', 'hibernating']),
  address: z.string(),
  lastActive: z.number(),
  buffered: z.number(),
  log: z
    .object({ head: z.number(), sent: z.number(), acknowledged: z.number().exactOptional(), lag: z.number() })
    .exactOptional(),
});

/** The handler session.list. */
export function sessionHandlers(server: { sessions(account?: string): readonly SessionReport[] }): ControlHandlers {
  return {
    'session.list': (params) => {
      const parsed = paramsSchema.safeParse(params);
      if (!parsed.success) throw new ControlError('bad-request', z.prettifyError(parsed.error).replaceAll('\n', ' '));
      return server.sessions(parsed.data.account);
    },
  };
}

/** The sessions of a running server, or those of one account. */
export async function listSessions(client: ControlClient, account?: string): Promise<readonly SessionReport[]> {
  return z.array(reportSchema).parse(await client.call('session.list', { account }));
}
