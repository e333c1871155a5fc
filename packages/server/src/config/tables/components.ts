import * as z from 'zod';
import {
  atStart,
  domainKey,
  duration,
  flag,
  host,
  keyNotes,
  limit,
  optionalTable,
  port,
  sizeLimit,
  table,
  tableNotes,
} from '../keys.ts';

function secrets(doc: string) {
  const allowed = 'a list of texts of at least 8 characters';
  const type = z.array(z.string().min(8)).default([]);
  return type.register(keyNotes, { doc, allowed, secret: true });
}

/** XEP-0114. */
export const components = optionalTable(
  'External components (XEP-0114), such as gateways to other networks. The protocol has no encryption: beyond loopback, use a tunnel.',
  {
    enabled: atStart(flag(true, 'Listen for components; only where there is one in [components.domains].')),
    host: atStart(host('127.0.0.1', 'The address to listen on.')),
    port: atStart(port(5347, 'The port to listen on.')),
    domains: z
      .record(
        domainKey(),
        table('A component: one process, or several that share its work, each account with always the same one.', {
          secrets: secrets(
            'What its processes prove themselves with: any of these, so that they can be changed one after the other.',
          ),
        }),
      )
      .default({})
      .register(tableNotes, { doc: '' }),
    connections: limit(20, 'Connections that one component may have.'),
    unauthenticated_connections: limit(20, 'Connections that have not proved who they are, all together.'),
    stanza_bytes: sizeLimit('512 KiB', 'The largest stanza accepted from a component.', 10_000),
    stanzas_per_second: limit(1000, 'Stanzas that one connection may bring per second in the long run.'),
    stanzas_burst: limit(10_000, 'Stanzas that one connection may bring at once before it is read slower.'),
    write_timeout: duration('1 minute', 'How long a component may take to read what was sent to it.', {
      none: 'no limit',
    }),
  },
);
