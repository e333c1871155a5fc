import type { MemoryState } from '../../packages/server/src/log/memory/state.ts';
import { keyOf, readRow } from '../model/message.ts';

/** The places of the rows of an account with this key, among what is committed. */
export function findRows(state: MemoryState, account: string, key: string): readonly number[] {
  const rows = state.accounts.get(account)?.rows ?? [];
  return rows.filter((row) => keyOf(readRow(row.stanza)) === key).map(({ seq }) => seq);
}
