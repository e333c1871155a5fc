const DATE_TIME = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Milliseconds since 1970 UTC of a point in time as XEP-0082 §3.2 writes it; undefined for anything else, such as 30 February. */
export function parseDateTime(text: string): number | undefined {
  const [, date] = DATE_TIME.exec(text) ?? [];
  if (date === undefined) return undefined;
  const day = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(day) || !new Date(day).toISOString().startsWith(date)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** The same, written: in UTC with milliseconds, so that a stamp that is sent back as a bound names exactly its message. */
export function formatDateTime(at: number): string {
  return new Date(at).toISOString();
}
