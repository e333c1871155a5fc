import type { Config } from '../config/schema.ts';
import { splitHostPort } from '../config/tables/s2s.ts';
import type { Target } from './srv.ts';

/** How we speak with one remote domain. */
export interface DomainPolicy {
  /** Why we don't speak with it at all; undefined: we do. */
  readonly refusal: string | undefined;
  readonly requireTls: boolean;
  readonly requireValidCertificate: boolean;
  /** Where it is, whatever the DNS says. */
  readonly target: Target | undefined;
}

/** The policy for a remote domain: its own rule, else that of the nearest wildcard, else that of "*". */
export function readPolicy({ allow, block, domains }: Config['s2s'], domain: string): DomainPolicy {
  const rule = patternsOf(domain).flatMap((pattern) => domains[pattern] ?? [])[0];
  const place = rule === undefined ? undefined : splitHostPort(rule.target);
  return {
    refusal: explainRefusal(allow, block, domain),
    requireTls: rule?.requireTls ?? true,
    requireValidCertificate: rule?.requireValidCertificate ?? true,
    target: place && { ...place, directTls: rule?.directTls === true },
  };
}

function explainRefusal(allow: readonly string[], block: readonly string[], domain: string): string | undefined {
  const patterns = patternsOf(domain);
  if (block.some((pattern) => patterns.includes(pattern))) return `${domain} is blocked here`;
  if (allow.length > 0 && !allow.some((pattern) => patterns.includes(pattern))) return `${domain} is not allowed here`;
  return undefined;
}

/** The patterns that fit a domain, the nearest first: itself, "*.example.org" for each domain above it, "*". */
function patternsOf(domain: string): string[] {
  const labels = domain.split('.');
  return [domain, ...labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`), '*'];
}
