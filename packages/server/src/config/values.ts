/** Durations and sizes as people write them in a configuration file. */

const SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  sec: 1,
  second: 1,
  m: 60,
  min: 60,
  minute: 60,
  h: 3600,
  hour: 3600,
  d: 86_400,
  day: 86_400,
  w: 604_800,
  week: 604_800,
  y: 31_536_000,
  year: 31_536_000,
};

const BYTES: Readonly<Record<string, number>> = {
  b: 1,
  byte: 1,
  kb: 1000,
  kib: 1024,
  mb: 1_000_000,
  mib: 1_048_576,
  gb: 1_000_000_000,
  gib: 1_073_741_824,
};

/**
 * Reads a span of time.
 * @param value a number of seconds, or a text such as "90s", "10 minutes", "1 day 12 hours", "forever"
 * @returns seconds (`Infinity` for "forever"), or undefined when it is none of these
 */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined;
  if (typeof value !== 'string') return undefined;
  if (value.trim() === 'forever') return Infinity;
  return sumUnits(value, SECONDS);
}

/**
 * Reads a number of bytes.
 * @param value a whole number of bytes, or a text such as "64 KiB", "10 MB"
 * @returns bytes, or undefined when it is none of these
 */
export function parseSize(value: unknown): number | undefined {
  const bytes = typeof value === 'string' ? sumUnits(value, BYTES) : value;
  return typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
}

/** Writes seconds so that parseDuration() reads the same number: 86400 is "1 day", 90 is "90 seconds". */
export function formatDuration(seconds: number): string {
  if (seconds === Infinity) return 'forever';
  if (!Number.isInteger(seconds)) return `${Math.round(seconds * 1000)} ms`;
  for (const unit of ['day', 'hour', 'minute']) {
    const size = SECONDS[unit] ?? 1;
    if (seconds > 0 && seconds % size === 0) return countUnits(seconds / size, unit);
  }
  return countUnits(seconds, 'second');
}

/** Writes bytes so that parseSize() reads the same number: 262144 is "256 KiB". */
export function formatSize(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB']) {
    const size = BYTES[unit.toLowerCase()] ?? 1;
    if (bytes > 0 && bytes % size === 0) return `${bytes / size} ${unit}`;
  }
  return countUnits(bytes, 'byte');
}

function countUnits(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

function sumUnits(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const parts = text.trim().match(/\d+(?:\.\d+)?\s*[a-z]+/gi);
  if (parts === null || parts.join('').replace(/\s/g, '') !== text.replace(/\s/g, '')) return undefined;
  let sum = 0;
  for (const part of parts) {
    const [, count = '', unit = ''] = /^([\d.]+)\s*([a-z]+)$/i.exec(part) ?? [];
    const name = unit.toLowerCase();
    const factor = units[name] ?? (name.length > 2 ? units[name.replace(/s$/, '')] : undefined);
    if (factor === undefined) return undefined;
    sum += Number(count) * factor;
  }
  return sum;
}
