/** Accounts over the control socket: the handlers on the server, and AccountAdmin on the client. */
import * as z from 'zod';
import { ACCOUNT_ERRORS, AccountError, type AccountAdmin, type AccountInfo } from '../accounts/admin.ts';
import type { ControlClient } from './client.ts';
import { ControlError, RefusedError } from './errors.ts';
import type { ControlHandler, ControlHandlers } from './server.ts';

const jid = z.string();
const password = z.string();
const infoSchema = z.object({
  jid: z.string(),
  createdAt: z.number().exactOptional(),
  disabled: z.literal(true).exactOptional(),
});

/** The handlers user.add, user.passwd, user.enable, user.remove and user.list. */
export function accountHandlers(admin: AccountAdmin): ControlHandlers {
  return {
    'user.add': accept(z.object({ jid, password }), (params) => admin.add(params.jid, params.password)),
    'user.passwd': accept(z.object({ jid, password }), (params) => admin.setPassword(params.jid, params.password)),
    'user.enable': accept(z.object({ jid, enabled: z.boolean() }), (params) =>
      admin.setEnabled(params.jid, params.enabled),
    ),
    'user.remove': accept(z.object({ jid }), (params) => admin.remove(params.jid)),
    'user.list': accept(z.object({ domain: z.string().optional() }), (params) => admin.list(params.domain)),
  };
}

/** The accounts of a running server. */
export function remoteAccounts(client: ControlClient): AccountAdmin {
  const ask = async <T>(type: z.ZodType<T>, method: string, params: Record<string, unknown>): Promise<T> => {
    try {
      return type.parse(await client.call(method, params));
    } catch (error) {
      throw toAccountError(error);
    }
  };
  return {
    add: (jid, password) => ask(infoSchema, 'user.add', { jid, password }),
    setPassword: (jid, password) => ask(infoSchema, 'user.passwd', { jid, password }),
    setEnabled: (jid, enabled) => ask(infoSchema, 'user.enable', { jid, enabled }),
    remove: (jid) => ask(infoSchema, 'user.remove', { jid }),
    list: (domain) => ask<AccountInfo[]>(z.array(infoSchema), 'user.list', { domain }),
  };
}

function accept<T>(type: z.ZodType<T>, handle: (params: T) => Promise<unknown>): ControlHandler {
  return async (params) => {
    const parsed = type.safeParse(params);
    if (!parsed.success) throw new ControlError('bad-request', z.prettifyError(parsed.error).replaceAll('\n', ' '));
    try {
      return await handle(parsed.data);
    } catch (error) {
      throw error instanceof AccountError ? new RefusedError(error.code, error.message) : error;
    }
  };
}

function toAccountError(error: unknown): unknown {
  if (!(error instanceof RefusedError)) return error;
  const code = ACCOUNT_ERRORS.find((known) => known === error.code);
  return code === undefined ? error : new AccountError(code, error.message);
}
