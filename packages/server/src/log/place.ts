/** Random bytes in an epoch. */
export const EPOCH_BYTES = 5;

const DIGITS = '0123456789abcdefghijklmnopqrstuv';
const SEQ_DIGITS = 8;
const ID = /^[0-9a-v]{16}$/;

/** The largest number that an id can carry. */
export const MAX_SEQ = 32 ** SEQ_DIGITS - 1;

/** An account's epoch as it stands in ids: 8 characters from `EPOCH_BYTES` random bytes. It makes a re-created account's ids different. */
export function formatEpoch(random: Uint8Array): string {
  let value = 0;
  for (const byte of random.subarray(0, EPOCH_BYTES)) value = value * 256 + byte;
  return toDigits(value);
}

/** The stanza-id (XEP-0359) of a row: epoch and number, 16 characters of base32hex, so that ids of one account sort in log order. */
export function formatId(epoch: string, seq: number): string {
  return epoch + toDigits(seq);
}

/** Takes an id apart; undefined for what `formatId` never wrote. */
export function parseId(id: string): { readonly epoch: string; readonly seq: number } | undefined {
  if (!ID.test(id)) return undefined;
  return { epoch: id.slice(0, SEQ_DIGITS), seq: Number.parseInt(id.slice(SEQ_DIGITS), DIGITS.length) };
}

/** The number that `id` names in a log with this epoch and head: it was given once, though its row may be gone (A7). */
export function resolveId(id: string, epoch: string, head: number): number | undefined {
  const parsed = parseId(id);
  if (!parsed || parsed.epoch !== epoch || parsed.seq < 1 || parsed.seq > head) return undefined;
  return parsed.seq;
}

function toDigits(value: number): string {
  return value.toString(DIGITS.length).padStart(SEQ_DIGITS, '0');
}
