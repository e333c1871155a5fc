import type { IncomingHttpHeaders } from 'node:http';

/** RFC 9110 §13: the client has it already. */
export function isUnchanged(headers: IncomingHttpHeaders, tag: string, modified: string): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined)
    return tags.trim() === '*' || tags.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return !Number.isNaN(since) && Date.parse(modified) <= since;
}

/**
 * RFC 9110 §14: the part that is asked for, both ends included; undefined: all of it, also where several parts are asked for, or one of another
 * version (If-Range).
 */
export function chooseRange(
  headers: IncomingHttpHeaders,
  size: number,
  tag: string,
  modified: string,
): { readonly start: number; readonly end: number } | 'unsatisfiable' | undefined {
  const condition = headers['if-range'];
  if (condition !== undefined && condition !== tag && condition !== modified) return undefined;
  const found = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.range?.trim() ?? '');
  if (found === null) return undefined;
  const [, first = '', last = ''] = found;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}
