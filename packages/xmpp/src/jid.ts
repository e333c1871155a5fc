import { GenerationCache } from './jid-cache.ts';
import { prepareDomain } from './jid-domain.ts';
import { JidError, type JidPart } from './jid-error.ts';
import { prepareOpaque, prepareUsername } from './precis.ts';
import { PrecisError } from './precis-error.ts';

/**
 * RFC 7622 §3.1: each part has 1 to 1023 octets of UTF-8, so that an address with its two separators has at most 3071.
 */
const MAX_PART_BYTES = 1023;
const MAX_JID_LENGTH = 3 * MAX_PART_BYTES + 2;

/** Addresses longer than this are parsed each time: the cache is bounded in bytes as well (about 4 MB). */
const MAX_CACHED_LENGTH = 256;
const cache = new GenerationCache<JID>(4096);

/** ASCII localparts need no tables: all of U+0021 to U+007E but the characters that RFC 7622 §3.3.1 excludes. */
const ASCII_LOCAL = /^[!#-%(-.0-9;=?A-Z[-~]+$/;
const EXCLUDED_FROM_LOCAL = /["&'/:<>@]/;
const ASCII_RESOURCE = /^[ -~]+$/;

/** An XMPP address by RFC 7622. Always normalized, immutable, compared with {@link JID.equals}. */
export class JID {
  /** The localpart, '' when absent. */
  readonly local: string;
  /** The domainpart, never empty. */
  readonly domain: string;
  /** The resourcepart, '' when absent. */
  readonly resource: string;
  #text: string | undefined;
  #bare: JID | undefined;

  private constructor(local: string, domain: string, resource: string) {
    this.local = local;
    this.domain = domain;
    this.resource = resource;
  }

  /** Reads an address as it stands in a stanza: RFC 7622 §3. Throws JidError. Results are cached, within bounds. */
  static parse(text: string): JID {
    const cached = cache.get(text);
    if (cached !== undefined) return cached;
    if (text.length > MAX_JID_LENGTH) throw new JidError('jid', 'it is too long');
    // A string that was cut out of a larger one keeps all of that alive; what stays here must not keep a network buffer.
    const own = ` ${text}`.slice(1);
    const jid = JID.#split(own);
    if (own.length <= MAX_CACHED_LENGTH) cache.set(own, jid);
    return jid;
  }

  /** Like {@link JID.parse}, with undefined where that throws JidError. */
  static tryParse(text: string): JID | undefined {
    try {
      return JID.parse(text);
    } catch (error) {
      if (error instanceof JidError) return undefined;
      throw error;
    }
  }

  /** The address of these parts, which are normalized; '' leaves a localpart or resourcepart out. Throws JidError. */
  static of(local: string, domain: string, resource = ''): JID {
    return new JID(
      local === '' ? '' : prepareLocal(local),
      limitPart('domain', prepareDomain(domain)),
      resource === '' ? '' : prepareResource(resource),
    );
  }

  /**
   * RFC 7622 §3.2: the resourcepart starts after the first '/', and of what is before it the localpart ends at the
   * first '@'.
   */
  static #split(text: string): JID {
    const slash = text.indexOf('/');
    const bare = slash < 0 ? text : text.slice(0, slash);
    const at = bare.indexOf('@');
    if (slash === text.length - 1 && slash >= 0) throw new JidError('resource', 'it is empty');
    if (at === 0) throw new JidError('local', 'it is empty');
    return JID.of(at < 0 ? '' : bare.slice(0, at), bare.slice(at + 1), slash < 0 ? '' : text.slice(slash + 1));
  }

  /** The address without its resourcepart; itself when there is none. */
  get bare(): JID {
    if (this.resource === '') return this;
    this.#bare ??= new JID(this.local, this.domain, '');
    return this.#bare;
  }

  /** No resourcepart. */
  get isBare(): boolean {
    return this.resource === '';
  }

  /** Neither localpart nor resourcepart. */
  get isDomain(): boolean {
    return this.local === '' && this.resource === '';
  }

  /** This address with another resourcepart, which is normalized; '' gives the bare address. Throws JidError. */
  withResource(resource: string): JID {
    if (resource === this.resource) return this;
    return resource === '' ? this.bare : new JID(this.local, this.domain, prepareResource(resource));
  }

  /** Whether both are the same address. */
  equals(other: JID): boolean {
    return (
      this === other || (this.local === other.local && this.domain === other.domain && this.resource === other.resource)
    );
  }

  /** The address as it is written in a stanza. */
  toString(): string {
    if (this.#text === undefined) {
      const bare = this.local === '' ? this.domain : `${this.local}@${this.domain}`;
      this.#text = this.resource === '' ? bare : `${bare}/${this.resource}`;
    }
    return this.#text;
  }
}

/** RFC 7622 §3.3: UsernameCaseMapped, less the characters excluded by §3.3.1. */
function prepareLocal(text: string): string {
  if (ASCII_LOCAL.test(text)) return limitPart('local', text.toLowerCase());
  const local = preparePart('local', text, prepareUsername);
  if (EXCLUDED_FROM_LOCAL.test(local)) throw new JidError('local', 'it has one of the characters " & \' / : < > @');
  return local;
}

/** RFC 7622 §3.4: OpaqueString. */
function prepareResource(text: string): string {
  return ASCII_RESOURCE.test(text) ? limitPart('resource', text) : preparePart('resource', text, prepareOpaque);
}

function preparePart(part: JidPart, text: string, prepare: (text: string) => string): string {
  if (text.length > MAX_PART_BYTES) throw new JidError(part, `it has more than ${MAX_PART_BYTES} octets`);
  try {
    return limitPart(part, prepare(text));
  } catch (error) {
    if (error instanceof PrecisError) throw new JidError(part, error.message, { cause: error });
    throw error;
  }
}

function limitPart(part: JidPart, text: string): string {
  if (text.length * 3 > MAX_PART_BYTES && countUtf8Bytes(text) > MAX_PART_BYTES) {
    throw new JidError(part, `it has more than ${MAX_PART_BYTES} octets`);
  }
  return text;
}

function countUtf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
