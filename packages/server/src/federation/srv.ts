/** A place to connect to. */
export interface Target {
  /** A host name (A-labels) or an IP address. */
  readonly host: string;
  readonly port: number;
  /** TLS begins with the first byte (XEP-0368). */
  readonly directTls: boolean;
  /** It was not found anywhere: it is where servers without SRV records are (RFC 6120 §3.2.2). */
  readonly isFallback?: boolean;
}

/** A SRV record. */
export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly name: string;
  readonly port: number;
}

/** RFC 2782: a single record with the target "." says that the service is not available at this domain. */
export function isRefusal(records: readonly SrvRecord[]): boolean {
  return records.length > 0 && records.every(({ name }) => name === '' || name === '.');
}

/**
 * The order in which the targets of a domain are tried: RFC 2782, both services as one set (XEP-0368 §3).
 * @param random gives a number from 0 to below 1
 */
export function orderTargets(
  records: readonly (SrvRecord & { readonly directTls: boolean })[],
  random: () => number,
): Target[] {
  const usable = records.filter(({ name }) => name !== '' && name !== '.');
  const priorities = [...new Set(usable.map(({ priority }) => priority))].toSorted((a, b) => a - b);
  return priorities.flatMap((priority) =>
    drawByWeight(
      usable.filter((record) => record.priority === priority),
      random,
    ).map(({ name, port, directTls }) => ({ host: name.replace(/\.$/, ''), port, directTls })),
  );
}

/** RFC 2782: the chance to be next goes by weight; those of weight 0 stand first, so that they have a small one. */
function drawByWeight<T extends SrvRecord>(records: readonly T[], random: () => number): T[] {
  const left = records.toSorted((a, b) => a.weight - b.weight);
  const drawn: T[] = [];
  while (left.length > 0) {
    const sum = left.reduce((total, { weight }) => total + weight, 0);
    const mark = Math.floor(random() * (sum + 1));
    let running = 0;
    const index = left.findIndex(({ weight }) => (running += weight) >= mark);
    drawn.push(...left.splice(index, 1));
  }
  return drawn;
}
