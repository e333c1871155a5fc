/**
 * Every key of the configuration: its type, its default and its explanation, each written here and nowhere else.
 * docs/configuration.md, `tutti config print`, the error messages and the type `Config` are made from it.
 */
import * as z from 'zod';
import {
  addressList,
  atStart,
  choice,
  choices,
  count,
  domainKey,
  domainList,
  duration,
  flag,
  host,
  limit,
  optionalTable,
  path,
  port,
  sizeLimit,
  table,
  tableNotes,
  uriList,
  url,
} from './keys.ts';
import { invitations } from './tables/invitations.ts';
import { bosh } from './tables/bosh.ts';
import { externalServices } from './tables/external-services.ts';
import { components } from './tables/components.ts';
import { outbox } from './tables/outbox.ts';
import { pep } from './tables/pep.ts';
import { pubsub } from './tables/pubsub.ts';
import { outage } from './tables/outage.ts';
import { push } from './tables/push.ts';
import { rooms } from './tables/rooms.ts';
import { s2s, s2sTls } from './tables/s2s.ts';
import { reports } from './tables/reports.ts';
import { upload } from './tables/upload.ts';

const LOOPBACK = '127.0.0.1';

/** The SASL mechanisms the server knows, strongest first. */
const MECHANISMS = [
  'SCRAM-SHA-512-PLUS',
  'SCRAM-SHA-512',
  'SCRAM-SHA-256-PLUS',
  'SCRAM-SHA-256',
  'SCRAM-SHA-1-PLUS',
  'SCRAM-SHA-1',
  'PLAIN',
] as const;

const c2s = optionalTable('Clients over TCP; TLS is negotiated inside the stream (STARTTLS, RFC 6120 §5).', {
  enabled: atStart(flag(true, 'Listen for clients that use STARTTLS.')),
  host: atStart(host(LOOPBACK, 'The address to listen on.')),
  port: atStart(port(5222, 'The port to listen on.')),
  require_tls: flag(
    true,
    'Offer nothing but STARTTLS until the stream is encrypted. When false, a plain connection from a loopback ' +
      'address may log in with SCRAM or PLAIN, and one from elsewhere with SCRAM.',
  ),
});

const c2sTls = optionalTable('Clients over TCP with TLS from the first byte (direct TLS, XEP-0368).', {
  enabled: atStart(flag(true, 'Listen for clients that use direct TLS.')),
  host: atStart(host(LOOPBACK, 'The address to listen on.')),
  port: atStart(port(5223, 'The port to listen on.')),
});

const http = optionalTable('The HTTP server: WebSocket (RFC 7395), BOSH, files, host-meta (XEP-0156), metrics.', {
  enabled: atStart(flag(true, 'Listen for HTTP.')),
  host: atStart(
    host(LOOPBACK, 'The address to listen on. Plain HTTP: beyond loopback, put a TLS reverse proxy before it.'),
  ),
  port: atStart(port(5280, 'The port to listen on.')),
  page: flag(true, 'Serve the chat page at `/`.'),
  public_url: url('Where the world reaches the HTTP server, for host-meta; "" = the address of the request.', [
    'https',
    'http',
  ]),
  connections: limit(2000, 'Open HTTP connections; a WebSocket counts as a stream instead.'),
  connections_per_address: limit(
    100,
    'Open HTTP connections from one address; behind a proxy, where `public_url` is set, those of this machine are not counted.',
  ),
});

const tls = optionalTable('Certificates. Without any, a self-signed one is made and kept in <data>/tls.', {
  cert: path('', 'The certificate chain, PEM, for every domain that has none of its own.'),
  key: path('', 'The private key of the certificate, PEM, not encrypted.'),
  min_version: choice(['1.2', '1.3'], '1.2', 'The oldest TLS version accepted.'),
  domains: z
    .record(
      domainKey(),
      table('The certificate of one domain, chosen by SNI; the name may be a wildcard such as "*.example.org".', {
        cert: path('', 'The certificate chain, PEM.'),
        key: path('', 'The private key of the certificate, PEM, not encrypted.'),
      }),
    )
    .default({})
    .register(tableNotes, { doc: '' }),
});

const registration = optionalTable('Account registration by clients (XEP-0077).', {
  enabled: flag(false, 'Let anybody create an account.'),
  rate_per_hour: limit(10, 'How many accounts one address may create in an hour.'),
});

const limits = optionalTable(
  'Bounds on what one client may ask for. 0 takes a bound away (for load tests). After a reload those of connections hold for new ones, all others at once.',
  {
    stanza_bytes: sizeLimit('256 KiB', 'The largest stanza accepted after login (RFC 6120 §13.12).', 10_000),
    unauthenticated_stanza_bytes: sizeLimit('10000 bytes', 'The largest stanza accepted before login.', 10_000),
    depth: limit(100, 'How deep elements may be nested in a stanza.'),
    attributes: limit(100, 'How many attributes an element may have.'),
    name_bytes: sizeLimit('1 KiB', 'The longest name of an element or attribute.'),
    connections_per_address: limit(500, 'Open connections from one address.'),
    unauthenticated_connections: limit(1000, 'Open connections that have not logged in, all together.'),
    unauthenticated_per_address: limit(100, 'Open connections from one address that have not logged in.'),
    unauthenticated_timeout: duration('1 minute', 'How long a connection may take to log in.', { none: 'no limit' }),
    sessions_per_account: limit(50, 'Resources one account may have bound at a time.'),
    devices: limit(100, 'Devices of one account that are remembered, for its user to see and to log out.'),
    stanzas_per_second: limit(
      100,
      'Stanzas a session may send per second in the long run; a faster one, or one that keeps the server busy for a quarter of each second, is read slower.',
    ),
    stanzas_burst: limit(1000, 'Stanzas a session may send at once before it is slowed down.'),
    bytes_per_second: sizeLimit('1 MiB', 'Bytes a session may send per second in the long run.'),
    bytes_burst: sizeLimit('4 MiB', 'Bytes a session may send at once before it is slowed down.'),
    outbox_bytes: sizeLimit('256 KiB', 'Bytes that wait in memory for a slow session; past them it reads the archive.'),
    roster_items: limit(
      5000,
      'Contacts in one roster, and subscription requests that wait for the answer of one account.',
    ),
    roster_name_bytes: sizeLimit('1 KiB', 'The longest name of a contact, and of a group of contacts.'),
    roster_groups: limit(100, 'Groups that one contact may be in.'),
    roster_bytes: sizeLimit(
      '1 MiB',
      'The names of all contacts in one roster and of the groups they are in, together.',
    ),
    presence_bytes: sizeLimit(
      '16 KiB',
      'The longest presence of a session: each contact is sent it, and it is remembered.',
    ),
    directed_presences: limit(1000, 'Addresses outside its roster, such as rooms, that a session may be present at.'),
    offline_messages: limit(1000, 'The newest messages that a legacy client gets when it comes online (XEP-0160).'),
    blocklist_items: limit(5000, 'Entries in one block list (XEP-0191).'),
    auth_failures_per_minute: limit(10, 'Failed logins per minute, per address and per account, before a pause.'),
    mam_page_max: limit(250, 'Messages in one page of an archive query (XEP-0313).'),
    mam_page_bytes: sizeLimit('512 KiB', 'Bytes of messages after which a page of an archive query is full.'),
    mam_preferences: limit(1000, 'Addresses in the lists of one account that say what is archived (XEP-0441).'),
    mam_queries: limit(4, 'Archive queries of one session that may run at the same time.'),
    iq_timeout: duration(
      '1 minute',
      'How long a client may take to answer a request of the server, pings among them.',
      {
        none: 'no limit',
      },
    ),
    sm_resume_timeout: duration('10 minutes', 'How long a lost session waits for its resumption (XEP-0198).', {
      none: 'no resumption',
    }),
    sm_lost_sessions: limit(
      10,
      'Lost sessions of one account that wait for their resumption; the one that has been silent for longest gives way.',
    ),
    sm_unacked_max: limit(1000, 'Stanzas that wait for an acknowledgement before the session reads the archive.'),
    idle_ping: duration('5 minutes', 'After how long a silence the server asks whether a client is still there.', {
      none: 'never',
    }),
  },
);

const archive = optionalTable('The message archive (XEP-0313), which is also the log that sessions are fed from.', {
  retention: duration('forever', 'How long messages are kept.', { forever: true }),
  transient_retention: duration('1 day', 'How long typing notifications and no-store messages are kept (rule A7).', {
    forever: true,
  }),
  policy: choice(
    ['everything', 'content'],
    'everything',
    '"everything" is the letter of XEP-0409; "content" leaves typing notifications and no-store messages out (rule A7).',
  ),
});

const auth = optionalTable('Login.', {
  mechanisms: choices(MECHANISMS, 'The SASL mechanisms offered, where the connection allows them.'),
  scram_iterations: count(10_000, 'The SCRAM iteration count of new passwords (RFC 7677 §4: at least 4096).', {
    min: 4096,
    max: 10_000_000,
  }),
  fast: flag(true, 'Let clients log in again with a token instead of the password (XEP-0484).'),
  fast_token_lifetime: duration('21 days', 'How long an unused token stays good.'),
});

const contact = optionalTable('Who to turn to, told to clients and other servers (XEP-0157).', {
  admin: uriList('The administrators.'),
  abuse: uriList('For reports of abuse.'),
  support: uriList('For help.'),
  security: uriList('For reports of weaknesses.'),
  feedback: uriList('For praise and complaints.'),
  sales: uriList('For business.'),
  status: uriList('Where the state of the service is told.'),
});

const log = optionalTable('The log: one JSON object a line. Never message bodies, passwords or keys.', {
  level: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info', 'The least serious to log.'),
  output: atStart(path('stderr', 'Where the log goes; a file is appended to.', ['stderr', 'stdout'])),
});

const metrics = optionalTable('Prometheus metrics.', {
  enabled: flag(true, 'Serve /metrics on the HTTP port, to loopback addresses only.'),
});

/** The whole configuration file. */
export const configSchema = table('These stand at the top of the file, before any table.', {
  domains: atStart(domainList('localhost', 'The domains served.')),
  admins: addressList('Who may administer the server over XMPP (ad-hoc commands, XEP-0133).'),
  data: atStart(path('./data', 'The folder of the database, the made certificate and the control socket.')),
  c2s,
  c2s_tls: c2sTls,
  s2s,
  s2s_tls: s2sTls,
  outbox,
  components,
  http,
  tls,
  registration,
  invitations,
  limits,
  archive,
  auth,
  contact,
  log,
  metrics,
  bosh,
  upload,
  push,
  external_services: externalServices,
  reports,
  outage,
  pep,
  pubsub,
  rooms,
});

type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;
type Camelized<T> = T extends readonly (infer I)[]
  ? readonly I[]
  : T extends object
    ? { readonly [K in keyof T as K extends string ? CamelCase<K> : never]: Camelized<T[K]> }
    : T;

/** The configuration as it is written in TOML: keys with underscores. */
export type WrittenConfig = z.output<typeof configSchema>;

/** The configuration as the server uses it: durations in seconds, sizes in bytes, keys in camelCase. */
export type Config = Camelized<WrittenConfig>;
