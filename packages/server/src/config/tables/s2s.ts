import { isIP } from 'node:net';
import * as z from 'zod';
import {
  atStart,
  choices,
  domainPattern,
  duration,
  flag,
  host,
  keyNotes,
  limit,
  optionalTable,
  path,
  port,
  sizeLimit,
  table,
  tableNotes,
} from '../keys.ts';

const LOOPBACK = '127.0.0.1';

/** Splits "host:port", "192.0.2.1:5269", "[2001:db8::1]:5269"; undefined when it is none of these. */
export function splitHostPort(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const name = bracketed ?? plain;
  const number = Number(digits);
  if (name === undefined || number < 1 || number > 65_535) return undefined;
  return bracketed !== undefined && isIP(bracketed) !== 6 ? undefined : { host: name, port: number };
}

function hostPort(doc: string) {
  const allowed = '"" or a host and a port ("xmpp.example.org:5269", "192.0.2.1:5269", "[2001:db8::1]:5269")';
  const type = z.string().refine((text) => text === '' || splitHostPort(text) !== undefined);
  return type.default('').register(keyNotes, { doc, allowed });
}

function dnsServers(doc: string) {
  const allowed = 'a list of IP addresses, with or without a port: ["192.0.2.53", "127.0.0.1:5353", "[::1]:5353"]';
  const type = z.string().refine((text) => {
    return isIP(text) !== 0 || isIP(splitHostPort(text)?.host ?? '') !== 0;
  });
  return z.array(type).default([]).register(keyNotes, { doc, allowed });
}

function domainPatterns(doc: string) {
  const allowed = 'a list of domain names; "*.example.org" is all below example.org: ["example.org", "*.example.org"]';
  return z.array(domainPattern()).default([]).register(keyNotes, { doc, allowed });
}

const domain = table(
  'Another rule for one remote domain. The name may be a wildcard such as "*.example.org", or "*" for all that have no rule of their own.',
  {
    require_tls: flag(true, 'Speak with it over TLS only.'),
    require_valid_certificate: flag(
      true,
      'Speak with it only when its certificate is good: of a known authority, not expired, for that domain. ' +
        'When false, whoever controls the network or the DNS between the two servers can pose as it.',
    ),
    target: hostPort('Where to connect to, in place of what the DNS says.'),
    direct_tls: flag(false, 'At `target`, TLS begins with the first byte.'),
  },
);

/** Federation: other servers. */
export const s2s = optionalTable(
  'Other servers over TCP; TLS is negotiated inside the stream (STARTTLS). See docs/federation.md.',
  {
    enabled: atStart(flag(true, 'Speak with other servers: listen for them, and connect to them.')),
    host: atStart(host(LOOPBACK, 'The address to listen on.')),
    port: atStart(port(5269, 'The port to listen on.')),
    allow: domainPatterns('The only domains to speak with; empty = all.'),
    block: domainPatterns('Domains not to speak with, even if allowed.'),
    domains: z
      .record(domainPattern({ all: true }), domain)
      .default({})
      .register(tableNotes, { doc: '' }),
    authentication: choices(
      ['external', 'dialback'],
      'How servers prove who they are: by certificate (SASL EXTERNAL, XEP-0178), by calling back (XEP-0220).',
    ),
    bidi: flag(true, 'Use one connection for both directions where the other server can (XEP-0288).'),
    ca: path('', 'Certificates of authorities to trust beside the well-known ones, PEM.'),
    dns_servers: dnsServers('The DNS servers to ask; empty = those of the system.'),
    local_addresses: flag(
      false,
      'Connect to addresses of this machine and of the network that it is plugged into (loopback, link-local) when the DNS names them; a `target` always may. ' +
        'Otherwise whoever has a domain could make this server speak to what listens for nobody outside.',
    ),
    connecting: limit(
      100,
      'Connections to other servers that are being made at a time; what is for further domains waits.',
    ),
    connect_timeout: duration('20 seconds', 'How long each step of making a connection may take.'),
    idle_timeout: duration('15 minutes', 'After how long without a stanza a connection is closed.', { none: 'never' }),
    ack_timeout: duration('1 minute', 'How long the other server may take to acknowledge a stanza, or to take it.', {
      none: 'no limit',
    }),
    retry_pause: duration(
      '2 seconds',
      'How long a domain is left alone after a failure; `outbox.retry_first` is for messages.',
      {
        none: 'not at all',
      },
    ),
    queue_bytes: sizeLimit(
      '4 MiB',
      'Bytes that may wait in memory for one remote domain, not acknowledged ones included.',
    ),
    stanza_bytes: sizeLimit('512 KiB', 'The largest stanza accepted from another server.', 10_000),
    stanzas_per_second: limit(500, 'Stanzas one connection may bring per second in the long run.'),
    stanzas_burst: limit(5000, 'Stanzas one connection may bring at once before it is read slower.'),
    bytes_per_second: sizeLimit('4 MiB', 'Bytes one connection may bring per second in the long run.'),
    bytes_burst: sizeLimit('16 MiB', 'Bytes one connection may bring at once before it is read slower.'),
    connections_per_address: limit(100, 'Open connections from one address.'),
    unauthenticated_connections: limit(200, 'Open connections that have not proved who they are, all together.'),
    domains_per_connection: limit(20, 'Pairs of domains that one connection from another server may speak for.'),
  },
);

/** Federation with direct TLS. */
export const s2sTls = optionalTable('Other servers over TCP with TLS from the first byte (direct TLS, XEP-0368).', {
  enabled: atStart(flag(true, 'Listen for servers that use direct TLS; only where [s2s] is enabled.')),
  host: atStart(host(LOOPBACK, 'The address to listen on.')),
  port: atStart(port(5270, 'The port to listen on.')),
});
