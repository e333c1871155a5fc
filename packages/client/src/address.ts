/**
 * The bare JID of an address (RFC 7622 §3.1), as servers write it, as far as that goes without Unicode's tables, which are larger
 * than the rest of this package: letters small and composed. The server, which has the tables, refuses what is no address.
 */
export function bareOf(address: string): string {
  const slash = address.indexOf('/');
  return (slash === -1 ? address : address.slice(0, slash)).normalize('NFC').toLowerCase();
}

/** The domain of an address. */
export function domainOf(address: string): string {
  const bare = bareOf(address);
  return bare.slice(bare.indexOf('@') + 1);
}
