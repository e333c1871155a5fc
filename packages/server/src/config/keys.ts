/** The building blocks of the schema: a key is a zod type together with its one default and its one explanation. */
import { isIP } from 'node:net';
import { JID } from '@tutti/xmpp';
import * as z from 'zod';
import { formatDuration, formatSize, parseDuration, parseSize } from './values.ts';

/** What is known of a key besides its type. */
export interface KeyNote {
  /** One sentence for the documentation. */
  readonly doc: string;
  /** What may be written there, for the documentation and for error messages: "a whole number from 0 to 65535". */
  readonly allowed: string;
  /** How the value is written in TOML when it is not written as it is kept. */
  readonly format?: (value: never) => string;
  /** A path, taken relative to the file that names it. Words listed here are not paths. */
  readonly path?: { readonly words: readonly string[] };
  /** A change takes effect at the next start, not at a reload. */
  readonly atStart?: boolean;
  /** Never shown. */
  readonly secret?: boolean;
}

/** Marks a key that is read at the start only. */
export function atStart<T extends z.core.$ZodType>(type: T): T {
  const note = keyNotes.get(type);
  if (note !== undefined) keyNotes.add(type, { ...note, doc: `${note.doc} Read at the start only.`, atStart: true });
  return type;
}

/** The notes of all keys, by their zod type. */
export const keyNotes = z.registry<KeyNote>();

/** The explanations of all tables, by their zod type. */
export const tableNotes = z.registry<{ readonly doc: string }>();

/** A TOML table with these keys and no others. */
export function table<S extends z.core.$ZodLooseShape>(doc: string, shape: S) {
  return z.strictObject(shape).register(tableNotes, { doc });
}

/** A table that may be left out: all its keys have defaults. */
export function optionalTable<S extends z.core.$ZodLooseShape>(doc: string, shape: S) {
  return table(doc, shape).prefault({} as never);
}

/** true or false. */
export function flag(initial: boolean, doc: string) {
  return z.boolean().default(initial).register(keyNotes, { doc, allowed: 'true or false' });
}

/** A whole number from min to max. */
export function count(
  initial: number,
  doc: string,
  { min = 0, max }: { readonly min?: number; readonly max?: number },
) {
  const allowed = `a whole number ${max === undefined ? `of at least ${min}` : `from ${min} to ${max}`}`;
  const type = z
    .int()
    .min(min)
    .max(max ?? Number.MAX_SAFE_INTEGER);
  return type.default(initial).register(keyNotes, { doc, allowed });
}

/** A limit on how many of something; 0 = no limit. */
export function limit(initial: number, doc: string) {
  return z.int().min(0).default(initial).register(keyNotes, { doc, allowed: 'a whole number (0 = no limit)' });
}

/** A limit in bytes; 0 = no limit, otherwise at least `min`. */
export function sizeLimit(initial: string, doc: string, min = 0) {
  const allowed = `a size like "256 KiB"${min > 0 ? `, at least ${min} bytes` : ''} (a bare number is bytes; 0 = no limit)`;
  const accept = (value: unknown): number | undefined => {
    const bytes = parseSize(value);
    return bytes === undefined || (bytes > 0 && bytes < min) ? undefined : bytes;
  };
  return convert(accept, allowed).prefault(initial).register(keyNotes, { doc, allowed, format: formatSize });
}

/** A span of time, in seconds; `none` says what 0 means, where 0 is allowed. */
export function duration(
  initial: string,
  doc: string,
  { none, forever = false }: { readonly none?: string; readonly forever?: boolean } = {},
) {
  const words = `${forever ? '"forever" or ' : ''}a time like "90 seconds" or "1 day"`;
  const allowed = `${words} (a bare number is seconds${none === undefined ? '' : `; 0 = ${none}`})`;
  const accept = (value: unknown): number | undefined => {
    const seconds = parseDuration(value);
    if (seconds === undefined || (seconds === Infinity && !forever)) return undefined;
    return seconds === 0 && none === undefined ? undefined : seconds;
  };
  return convert(accept, allowed).prefault(initial).register(keyNotes, { doc, allowed, format: formatDuration });
}

/** A TCP port. */
export function port(initial: number, doc: string) {
  const allowed = 'a port from 1 to 65535 (0 = any free one)';
  return z.int().min(0).max(65_535).default(initial).register(keyNotes, { doc, allowed });
}

/** An address to listen on. */
export function host(initial: string, doc: string) {
  const accept = (value: unknown): string | undefined => {
    if (typeof value !== 'string') return undefined;
    return isIP(value) !== 0 || normalizeDomain(value) !== undefined ? value : undefined;
  };
  const allowed = 'an IP address or a host name ("127.0.0.1", "::1"; "::" and "0.0.0.0" are all addresses)';
  return convert(accept, allowed).prefault(initial).register(keyNotes, { doc, allowed });
}

/** A file or folder. Relative ones are taken from the folder of the file that names them. */
export function path(initial: string, doc: string, words: readonly string[] = []) {
  const quoted = words.map((word) => `"${word}"`).join(', ');
  const allowed = `${quoted === '' ? '' : `${quoted} or `}a path${initial === '' ? ' ("" = none)' : ''}`;
  const type = initial === '' ? z.string() : z.string().min(1);
  return type.default(initial).register(keyNotes, { doc, allowed, path: { words } });
}

/** One of a few words. */
export function choice<const W extends readonly [string, ...string[]]>(words: W, initial: W[number], doc: string) {
  const allowed = words.map((word) => `"${word}"`).join(' or ');
  return z
    .enum(words)
    .default(initial as never)
    .register(keyNotes, { doc, allowed });
}

/** A list of distinct words out of a closed set, at least one. */
export function choices<const W extends readonly [string, ...string[]]>(words: W, doc: string) {
  const allowed = `a list of ${words.map((word) => `"${word}"`).join(', ')}`;
  return z
    .array(z.enum(words))
    .min(1)
    .default([...words] as never)
    .register(keyNotes, { doc, allowed });
}

/** A list of domains, at least one. */
export function domainList(initial: string, doc: string) {
  const allowed = 'a list of domain names, at least one: ["example.org"]';
  const domain = convert((value) => (typeof value === 'string' ? normalizeDomain(value) : undefined), allowed);
  return z.array(domain).min(1).default([initial]).register(keyNotes, { doc, allowed });
}

/** A list of bare addresses of people. */
export function addressList(doc: string) {
  const allowed = 'a list of addresses: ["alice@example.org"]';
  const address = convert((value) => {
    const jid = typeof value === 'string' ? JID.tryParse(value) : undefined;
    return jid !== undefined && jid.isBare && jid.local !== '' ? jid.toString() : undefined;
  }, allowed);
  return z.array(address).default([]).register(keyNotes, { doc, allowed });
}

/** A list of URIs. */
export function uriList(doc: string) {
  const allowed = 'a list of URIs: ["mailto:admin@example.org", "xmpp:admin@example.org"]';
  const uri = z.string().regex(/^[a-z][a-z0-9+.-]*:[^\s]+$/i);
  return z.array(uri).default([]).register(keyNotes, { doc, allowed });
}

/** A URL of one of the given schemes, or "". */
export function url(doc: string, schemes: readonly string[]) {
  const allowed = `"" or a URL beginning with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  const accept = (value: unknown): string | undefined => {
    if (value === '') return '';
    const parsed = typeof value === 'string' ? URL.parse(value) : null;
    return parsed !== null && schemes.includes(parsed.protocol.slice(0, -1)) ? parsed.href : undefined;
  };
  return convert(accept, allowed).prefault('').register(keyNotes, { doc, allowed });
}

/** The name of a table for a domain, in normal form; its first label may be "*". */
export function domainKey() {
  return z.string().refine((name) => normalizeDomain(name.replace(/^\*\./, '')) === name.replace(/^\*\./, ''));
}

/** A domain, all domains below one ("*.example.org"), or with `all` every domain ("*"). */
export function domainPattern({ all = false }: { readonly all?: boolean } = {}) {
  const isName = (name: string): boolean => normalizeDomain(name) === name;
  return z.string().refine((name) => (all && name === '*') || isName(name.replace(/^\*\./, '')));
}

/** A domain as addresses have it (RFC 7622 §3.2), or undefined when it is none. */
function normalizeDomain(text: string): string | undefined {
  const jid = JID.tryParse(text);
  return jid?.isDomain === true ? jid.domain : undefined;
}

function convert<T>(accept: (value: unknown) => T | undefined, allowed: string) {
  return z.unknown().transform((value, context): T => {
    const accepted = accept(value);
    if (accepted !== undefined) return accepted;
    context.issues.push({ code: 'custom', message: allowed, input: value });
    return z.NEVER;
  });
}

/** A line of text; '' where there is none. */
export function line(initial: string, doc: string, { secret = false }: { readonly secret?: boolean } = {}) {
  const type = z.string().regex(/^[^\r\n]*$/);
  return type.default(initial).register(keyNotes, { doc, allowed: 'a line of text', secret });
}

/** A list of media types; `image/*` stands for all of one kind. */
export function mediaTypes(doc: string) {
  const allowed = 'a list of media types: ["image/*", "application/pdf"]; empty = all';
  const type = z.string().regex(/^[a-z0-9.+-]+\/(?:\*|[a-z0-9.+-]+)$/);
  return z.array(type).default([]).register(keyNotes, { doc, allowed });
}
