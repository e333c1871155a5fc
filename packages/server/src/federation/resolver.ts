import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { LinkFailure } from './failure.ts';
import { isRefusal, orderTargets, type SrvRecord, type Target } from './srv.ts';

export interface ResolverOptions {
  /** IP addresses, with or without a port; none: what the system has. */
  readonly servers: readonly string[];
  /** Milliseconds that a question may take. */
  readonly timeout: number;
  /** Gives a number from 0 to below 1, for the weights of SRV records. */
  readonly random: () => number;
}

/** The port of servers without SRV records: RFC 6120 §3.2.2. */
const DEFAULT_PORT = 5269;
const TRIES = 2;
/** Answers that say "there is none", rather than "I don't know". */
const NOTHING: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'NOTFOUND', 'NODATA']);

/** The name of a domain in the DNS: A-labels; undefined when it has none. An IPv6 address stands without brackets. */
export function toDnsName(domain: string): string | undefined {
  const address = domain.replaceAll(/^\[|\]$/g, '');
  if (isIP(address) !== 0) return address;
  const ascii = domainToASCII(domain);
  return ascii === '' ? undefined : ascii;
}

/** Asks the DNS where a domain's server is. */
export class DomainResolver {
  readonly #resolver: Resolver;
  readonly #options: ResolverOptions;

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#resolver = new Resolver({ timeout: Math.max(1, Math.ceil(options.timeout / TRIES)), tries: TRIES });
    if (options.servers.length > 0) this.#resolver.setServers([...options.servers]);
  }

  /**
   * Where to connect to, in order: RFC 6120 §3.2, XEP-0368. Never empty.
   * Throws LinkFailure: "dns", temporary when the DNS could not be asked.
   */
  async targets(domain: string): Promise<Target[]> {
    const name = toDnsName(domain);
    if (name === undefined) throw new LinkFailure('dns', `${domain} is not a name that the DNS can have`);
    const fallback = { host: name, port: DEFAULT_PORT, directTls: false, isFallback: true };
    if (isIP(name) !== 0) return [fallback];
    const [direct, plain] = await Promise.all([
      this.#srv(`_xmpps-server._tcp.${name}`),
      this.#srv(`_xmpp-server._tcp.${name}`),
    ]);
    const found = [...asRecords(direct, true), ...asRecords(plain, false)];
    const targets = orderTargets(found, this.#options.random);
    if (targets.length > 0) return targets;
    for (const answer of [direct, plain]) if (answer instanceof LinkFailure) throw answer;
    // RFC 2782, RFC 6120 §3.2.1: "." means that there is no server, and then none is looked for.
    if (isRefusal(found)) throw new LinkFailure('dns', `the DNS says that ${domain} has no server ("." as its target)`);
    return [fallback];
  }

  /** The addresses of a host, IPv6 and IPv4 by turns (RFC 8305 §4). Never empty; throws LinkFailure like `targets`. */
  async addresses(host: string): Promise<string[]> {
    if (isIP(host) !== 0) return [host];
    const [v6, v4] = await (this.#options.servers.length > 0 ? this.#ask(host) : this.#lookUp(host));
    const found: string[] = [];
    for (let i = 0; i < Math.max(v6.length, v4.length); i += 1) {
      for (const address of [v6[i], v4[i]]) if (address !== undefined) found.push(address);
    }
    if (found.length === 0) throw new LinkFailure('dns', `the DNS has no address for ${host}`);
    return found;
  }

  async #srv(name: string): Promise<readonly SrvRecord[] | LinkFailure> {
    try {
      return await this.#resolver.resolveSrv(name);
    } catch (error) {
      return isNothing(error) ? [] : unanswered(name, error);
    }
  }

  async #ask(host: string): Promise<[string[], string[]]> {
    const read = async (answer: Promise<string[]>): Promise<string[] | LinkFailure> =>
      answer.catch((error: unknown) => (isNothing(error) ? [] : unanswered(host, error)));
    const [v6, v4] = await Promise.all([read(this.#resolver.resolve6(host)), read(this.#resolver.resolve4(host))]);
    if (v6 instanceof LinkFailure && !(v4 instanceof LinkFailure) && v4.length > 0) return [[], v4];
    if (v4 instanceof LinkFailure && !(v6 instanceof LinkFailure) && v6.length > 0) return [v6, []];
    if (v6 instanceof LinkFailure) throw v6;
    if (v4 instanceof LinkFailure) throw v4;
    return [v6, v4];
  }

  /** The system's way, which knows /etc/hosts as well. */
  async #lookUp(host: string): Promise<[string[], string[]]> {
    try {
      const found = await lookup(host, { all: true, order: 'verbatim' });
      const ofFamily = (family: number) => found.filter((one) => one.family === family).map(({ address }) => address);
      return [ofFamily(6), ofFamily(4)];
    } catch (error) {
      if (isNothing(error)) return [[], []];
      throw unanswered(host, error);
    }
  }
}

function asRecords(answer: readonly SrvRecord[] | LinkFailure, directTls: boolean) {
  return answer instanceof LinkFailure ? [] : answer.map((record) => ({ ...record, directTls }));
}

function isNothing(error: unknown): boolean {
  return NOTHING.has((error as NodeJS.ErrnoException).code ?? '');
}

function unanswered(name: string, error: unknown): LinkFailure {
  const { code = String(error) } = error as NodeJS.ErrnoException;
  return new LinkFailure('dns', `the DNS gave no answer about ${name} (${code})`, true);
}
