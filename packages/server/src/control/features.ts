/** What features answer on the control socket. */
import { StanzaError } from '@tutti/xmpp';
import { AccountError } from '../accounts/admin.ts';
import { RefusedError } from './errors.ts';
import type { ControlHandler, ControlHandlers } from './server.ts';

/** The handlers of the features: an error that one throws for people to read is a refusal. */
export function featureHandlers(
  handlers: ReadonlyMap<string, (params: Readonly<Record<string, unknown>>) => unknown>,
): ControlHandlers {
  return Object.fromEntries([...handlers].map(([method, handle]) => [method, refuseWell(handle)]));
}

function refuseWell(handle: (params: Readonly<Record<string, unknown>>) => unknown): ControlHandler {
  return async (params) => {
    try {
      return await handle(params);
    } catch (error) {
      if (error instanceof StanzaError) throw new RefusedError(error.condition, error.text ?? error.condition);
      if (error instanceof AccountError) throw new RefusedError(error.code, error.message);
      throw error;
    }
  };
}
