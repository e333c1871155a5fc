import type { FeatureDefinition } from '../packages/server/src/feature.ts';

/** A specification that is implemented below the features, and a file that obeys it. */
export interface BaseSpec extends Pick<FeatureDefinition, 'spec' | 'version' | 'name' | 'note'> {
  readonly file: string;
}

/** What the streams, sessions and packages implement; features declare their own. */
export const baseSpecs: readonly BaseSpec[] = [
  {
    spec: 'RFC 6120',
    name: 'XMPP: Core',
    note: 'clients and other servers',
    file: 'packages/server/src/router/router.ts',
  },
  { spec: 'RFC 7395', name: 'XMPP over WebSocket', file: 'packages/server/src/stream/framing.ts' },
  {
    spec: 'RFC 7590',
    name: 'Use of TLS in XMPP',
    note: 'whether a certificate has been revoked is not asked',
    file: 'packages/server/src/federation/negotiation.ts',
  },
  { spec: 'RFC 7622', name: 'XMPP: Address Format', file: 'packages/xmpp/src/jid.ts' },
  { spec: 'RFC 8265', name: 'PRECIS: Usernames and Passwords', file: 'packages/xmpp/src/precis.ts' },
  {
    spec: 'RFC 5802',
    name: 'SCRAM',
    note: 'SHA-1, SHA-256, SHA-512, with and without -PLUS',
    file: 'packages/server/src/stream/sasl/offer.ts',
  },
  {
    spec: 'RFC 9266',
    name: 'Channel Bindings for TLS 1.3',
    file: 'packages/server/src/stream/sasl/channel-binding.ts',
  },
  {
    spec: 'XEP-0048',
    version: '1.2',
    name: 'Bookmarks',
    note: 'in private storage and in PEP, one with those of XEP-0402',
    file: 'packages/server/src/features/xep-0049-private-storage/bookmarks.ts',
  },
  {
    spec: 'XEP-0059',
    version: '1.0',
    name: 'Result Set Management',
    file: 'packages/server/src/archive-query/page.ts',
  },
  {
    spec: 'XEP-0124',
    version: '1.11.2',
    name: 'Bidirectional-streams Over Synchronous HTTP (BOSH)',
    note: 'without key sequencing and multiple streams',
    file: 'packages/server/src/http/bosh/bosh.ts',
  },
  {
    spec: 'XEP-0156',
    version: '1.4.0',
    name: 'Discovering Alternative XMPP Connection Methods',
    note: 'host-meta, XML and JSON',
    file: 'packages/server/src/http/host-meta.ts',
  },
  {
    spec: 'XEP-0178',
    version: '1.2',
    name: 'Best Practices for Use of SASL EXTERNAL with Certificates',
    note: 'between servers',
    file: 'packages/server/src/federation/negotiation.ts',
  },
  {
    spec: 'XEP-0185',
    version: '1.0',
    name: 'Dialback Key Generation and Validation',
    file: 'packages/server/src/federation/dialback.ts',
  },
  {
    spec: 'XEP-0220',
    version: '1.1.1',
    name: 'Server Dialback',
    note: 'over TLS, unless configured; several sender domains on one stream are accepted, and not used',
    file: 'packages/server/src/federation/dialback.ts',
  },
  {
    spec: 'XEP-0288',
    version: '1.0.1',
    name: 'Bidirectional Server-to-Server Connections',
    note: 'for the pair of domains that the stream is for',
    file: 'packages/server/src/federation/outgoing.ts',
  },
  {
    spec: 'XEP-0297',
    version: '1.0',
    name: 'Stanza Forwarding',
    note: 'in Carbons and archive results',
    file: 'packages/routing/src/transform.ts',
  },
  { spec: 'XEP-0206', version: '1.4', name: 'XMPP Over BOSH', file: 'packages/server/src/http/bosh/session.ts' },
  {
    spec: 'XEP-0368',
    version: '1.1.0',
    name: 'SRV records for XMPP over TLS',
    note: 'direct TLS with ALPN, for clients and servers',
    file: 'packages/server/src/listeners.ts',
  },
  { spec: 'XEP-0386', version: '1.1.0', name: 'Bind 2', file: 'packages/server/src/core/stream-host.ts' },
  {
    spec: 'XEP-0388',
    version: '1.0.4',
    name: 'Extensible SASL Profile',
    file: 'packages/server/src/stream/sasl/sasl2.ts',
  },
  {
    spec: 'XEP-0440',
    version: '1.0.0',
    name: 'SASL Channel-Binding Type Capability',
    file: 'packages/server/src/stream/sasl/channel-binding.ts',
  },
  {
    spec: 'XEP-0474',
    version: '0.5.0',
    name: 'SASL SCRAM Downgrade Protection',
    file: 'packages/server/src/stream/sasl/scram.ts',
  },
  {
    spec: 'XEP-0478',
    version: '0.2.0',
    name: 'Stream Limits Advertisement',
    file: 'packages/server/src/stream/features.ts',
  },
  {
    spec: 'XEP-0484',
    version: '0.2.0',
    name: 'Fast Authentication Streamlining Tokens',
    file: 'packages/server/src/stream/sasl/fast.ts',
  },
];
