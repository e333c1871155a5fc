import { BlockList, isIPv6 } from 'node:net';
import { LinkFailure } from './failure.ts';

/** RFC 6890: this host, loopback, link-local. IPv6 addresses that stand for one of IPv4 are that one. */
const LOCAL = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['::', 128],
  ['::1', 128],
  ['fe80::', 10],
] as const)
  LOCAL.addSubnet(network, prefix, familyOf(network));

/** The addresses that somebody else may have us connect to. Throws LinkFailure where there is none. */
export function withoutLocal(host: string, addresses: readonly string[]): string[] {
  const others = addresses.filter((address) => !isLocal(address));
  if (others.length > 0) return others;
  const text = `${host} is ${addresses.join(', ')}, which is this machine or its own network; s2s.local_addresses = true allows that`;
  throw new LinkFailure('dns', text);
}

function isLocal(address: string): boolean {
  const [text = ''] = address.split('%');
  return LOCAL.check(text, familyOf(text));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
