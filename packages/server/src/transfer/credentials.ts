import { type Element, xml } from '@tutti/xmpp';
import type { Credentials, ScramKeys } from '../stream/sasl/credentials.ts';

/** XEP-0227 §3.3. */
const SCRAM = 'urn:xmpp:pie:0#scram';
const MECHANISMS = { sha1: 'SCRAM-SHA-1', sha256: 'SCRAM-SHA-256', sha512: 'SCRAM-SHA-512' } as const;
const LENGTHS = { sha1: 20, sha256: 32, sha512: 64 } as const;
/** A login with more would keep the server busy; fewer are not worth much (RFC 7677 §4 asks for 4096, others have used less). */
const ITERATIONS = { min: 1, max: 10_000_000 } as const;

/** What is kept of a password. */
export function writeCredentials(credentials: Credentials): readonly Element[] {
  return (Object.keys(MECHANISMS) as (keyof typeof MECHANISMS)[]).flatMap((hash) => {
    const keys = credentials[hash];
    if (keys === undefined) return [];
    return xml(
      'scram-credentials',
      { xmlns: SCRAM, mechanism: MECHANISMS[hash] },
      xml('iter-count', null, String(keys.iterations)),
      xml('salt', null, encode(keys.salt)),
      xml('server-key', null, encode(keys.serverKey)),
      xml('stored-key', null, encode(keys.storedKey)),
    );
  });
}

/** The mechanisms that they serve. */
export function nameMechanisms(credentials: Credentials): string {
  const hashes = Object.keys(credentials) as (keyof typeof MECHANISMS)[];
  return hashes.map((hash) => MECHANISMS[hash]).join(', ');
}

/** Reads one of them; undefined: it is something else, or of a mechanism that is not known here, or damaged. */
export function readCredentials(element: Element): Partial<Record<keyof Credentials, ScramKeys>> | undefined {
  if (!element.is('scram-credentials', SCRAM)) return undefined;
  const hash = (Object.keys(MECHANISMS) as (keyof typeof MECHANISMS)[]).find(
    (name) => MECHANISMS[name] === element.attrs['mechanism'],
  );
  if (hash === undefined) return undefined;
  const bytes = (name: string): Uint8Array => Buffer.from(element.child(name)?.text() ?? '', 'base64');
  const iterations = Number(element.child('iter-count')?.text());
  const [salt, serverKey, storedKey] = [bytes('salt'), bytes('server-key'), bytes('stored-key')];
  const isSound =
    Number.isInteger(iterations) &&
    iterations >= ITERATIONS.min &&
    iterations <= ITERATIONS.max &&
    salt.length > 0 &&
    serverKey.length === LENGTHS[hash] &&
    storedKey.length === LENGTHS[hash];
  return isSound ? { [hash]: { salt, iterations, serverKey, storedKey } } : undefined;
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
