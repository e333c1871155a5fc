import { hmac } from './crypto.ts';

/**
 * The token that a client holds: XEP-0484 §3.3. It is computed, not stored: the Hashed Token mechanism uses the token as an
 * HMAC key, so a stored hash of it would do for logging in, as would the token itself. The database has the random `seed`
 * (and when it expires); the server's secret lies elsewhere. Whoever has only one of the two has nothing.
 */
export function computeToken(
  secret: Uint8Array,
  account: string,
  client: string,
  mechanism: string,
  seed: string,
): string {
  const mac = hmac('SHA-256', secret, `fast\0${account}\0${client}\0${mechanism}\0${seed}`);
  return `secret-token:${Buffer.from(mac).toString('base64url')}`;
}
