import type { MemoryState } from '../../packages/server/src/log/memory/state.ts';
import { keyOf, readRow } from '../model/message.ts';

/** The place of the last row of an account with this key, among what is committed. */
export function findRow(state: MemoryState, account: string, key: string): number | undefined {
  return state.accounts.get(account)?.rows.findLast((row) => keyOf(readRow(row.stanza)) === key)?.seq;
}
