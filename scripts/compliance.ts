// XEP-0479: XMPP Compliance Suites 2023, row by row, for an Advanced Server: docs/compliance.md.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeLeftOutList } from './left-out.ts';
import { root } from './run-step.ts';
import { listSpecs } from './tables.ts';

/** A row of one of the suites' tables. */
export interface ComplianceRow {
  readonly suite: 'A/V Calling' | 'Core' | 'IM' | 'Mobile' | 'Web';
  readonly feature: string;
  /** What XEP-0479 asks of a server and of an advanced server. */
  readonly asked: 'both' | 'advanced';
  readonly specs: readonly string[];
  /** Files or folders whose tests prove it; each names its specification. */
  readonly proof: readonly string[];
}

const row = (
  suite: ComplianceRow['suite'],
  feature: string,
  asked: ComplianceRow['asked'],
  specs: string,
  ...proof: string[]
): ComplianceRow => ({ suite, feature, asked, specs: specs.split(', '), proof });

/** Tests with somebody else's client. */
const clients = (...names: string[]): string[] => names.map((name) => `conformance/clients/${name}.test.ts`);

/** The rows that ask something of a server, in the order of XEP-0479 §2; those that are for clients alone are left out. */
export const complianceRows: readonly ComplianceRow[] = [
  row('Core', 'Core features', 'both', 'RFC 6120', 'conformance/rfc6120'),
  row('Core', 'TLS', 'both', 'RFC 7590', 'conformance/rfc6120/5-starttls.ts', 'conformance/federation'),
  row(
    'Core',
    'Direct TLS',
    'advanced',
    'XEP-0368',
    'conformance/rfc6120/5-starttls.ts',
    'conformance/federation',
    'packages/server/src/stream/net',
  ),
  row('Core', 'Feature discovery', 'both', 'XEP-0030', 'conformance/xep-0030'),
  row(
    'Core',
    'Feature broadcasts',
    'advanced',
    'XEP-0115',
    'conformance/xep-0030',
    'packages/server/src/features/xep-0115-caps',
  ),
  row('Core', 'Server Extensibility', 'both', 'XEP-0114', 'conformance/components'),
  row('Core', 'Event publishing', 'advanced', 'XEP-0163', 'conformance/xep-0163'),
  row(
    'Web',
    'Web Connection Mechanisms',
    'both',
    'RFC 7395, XEP-0206, XEP-0124',
    'conformance/rfc7395',
    'conformance/xep-0206',
  ),
  row(
    'Web',
    'Connection Mechanism Discovery',
    'advanced',
    'XEP-0156',
    'conformance/xep-0156',
    'packages/server/src/http',
  ),
  row('IM', 'Core features', 'both', 'RFC 6121', 'conformance/rfc6121'),
  row('IM', 'User Avatars', 'advanced', 'XEP-0084', 'conformance/xep-0084', ...clients('slixmpp-pep', 'profanity')),
  row(
    'IM',
    'User Avatar Compatibility',
    'advanced',
    'XEP-0398, XEP-0153',
    'conformance/xep-0398',
    ...clients('slixmpp-pep', 'converse-rooms'),
  ),
  row('IM', 'vcard-temp', 'both', 'XEP-0054', 'conformance/xep-0054'),
  row('IM', 'Outbound Message Synchronization', 'both', 'XEP-0280', 'conformance/xep-0280'),
  row('IM', 'User Blocking', 'advanced', 'XEP-0191', 'conformance/xep-0191'),
  row(
    'IM',
    'Group Chat',
    'both',
    'XEP-0045, XEP-0249',
    'conformance/xep-0045',
    'conformance/xep-0249',
    'conformance/server/crowd.test.ts',
    ...clients('slixmpp-rooms', 'profanity', 'converse-rooms'),
  ),
  row(
    'IM',
    'Advanced Group Chat',
    'advanced',
    'XEP-0048, XEP-0313, XEP-0402, XEP-0410',
    'conformance/xep-0045',
    'conformance/xep-0402',
    'conformance/xep-0410',
    'conformance/xep-0313',
    ...clients('slixmpp-pep', 'profanity', 'converse-rooms'),
  ),
  row('IM', 'Persistent Storage of Private Data via PubSub', 'advanced', 'XEP-0223', 'conformance/xep-0163'),
  row('IM', 'Private XML Storage', 'advanced', 'XEP-0049', 'conformance/xep-0049'),
  row('IM', 'Stream Management', 'advanced', 'XEP-0198', 'conformance/xep-0198'),
  row('IM', 'History Storage / Retrieval', 'advanced', 'XEP-0313', 'conformance/xep-0313'),
  row(
    'IM',
    'File Upload',
    'both',
    'XEP-0363',
    'conformance/xep-0363',
    ...clients('slixmpp-phone', 'profanity', 'converse-rooms'),
  ),
  row('Mobile', 'Stream Management', 'both', 'XEP-0198', 'conformance/xep-0198'),
  row('Mobile', 'Client State Indication', 'both', 'XEP-0352', 'conformance/xep-0352'),
  row('Mobile', 'Third Party Push Notifications', 'advanced', 'XEP-0357', 'conformance/xep-0357'),
  row('A/V Calling', 'STUN/TURN server discovery', 'both', 'XEP-0215', 'conformance/xep-0215'),
];

/** What of the suites is not there: specifications that nothing declares, and proof that is missing or speaks of something else. */
export function findGaps(rows: readonly ComplianceRow[] = complianceRows): string[] {
  const declared = new Set(listSpecs().map(({ spec }) => spec));
  return rows.flatMap(({ suite, feature, specs, proof }) => {
    const where = `${suite}, ${feature}`;
    const undeclared = specs.filter((spec) => !declared.has(spec)).map((spec) => `${where}: nothing declares ${spec}`);
    const absent = proof.filter((path) => !existsSync(join(root, path))).map((path) => `${where}: there is no ${path}`);
    const present = proof.filter((path) => existsSync(join(root, path)));
    const text = present.map((path) => `${path}\n${readTests(join(root, path))}`).join('\n');
    const untested = specs.filter((spec) => !mentions(text, spec)).map((spec) => `${where}: no test names ${spec}`);
    return [...undeclared, ...absent, ...untested];
  });
}

/** docs/compliance.md. */
export function makeCompliancePage(rows: readonly ComplianceRow[] = complianceRows): string {
  const versions = new Map(listSpecs().map(({ spec, version, note }) => [spec, { version, note }]));
  const lines = rows.map(({ suite, feature, asked, specs, proof }) => {
    const named = specs.map((spec) => {
      const { version, note } = versions.get(spec) ?? {};
      return [spec, version, note === undefined ? undefined : `(${note})`]
        .filter((part) => part !== undefined)
        .join(' ');
    });
    const links = proof.map((path) => `[${path}](../${path})`);
    return `| ${[suite, feature, asked === 'both' ? 'server' : 'advanced server', named.join('<br>'), links.join('<br>')].join(' | ')} |`;
  });
  return `# Compliance

The rows of [XEP-0479: XMPP Compliance Suites 2023](https://xmpp.org/extensions/xep-0479.html) that ask something of a server, each with the version that is
implemented, what is left out of it, and the tests that prove it. Made of the features' declarations by \`scripts/generate-tables.ts\`; a test fails when a row has no
declaration, or its tests do not name it. Tutti is an Advanced Server in all five suites.

| suite | feature | asked of a | specification | proof |
| --- | --- | --- | --- | --- |
${lines.join('\n')}

## Left out on purpose

${makeLeftOutList()}`;
}

function readTests(path: string): string {
  if (!statSync(path).isDirectory()) return readFileSync(path, 'utf8');
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|py)$/.test(name))
    .map((name) => readFileSync(join(path, name), 'utf8'))
    .join('\n');
}

/** As `XEP-0313`, `xep-0313` or `0313`; `RFC 6120` or `rfc6120`. */
function mentions(text: string, spec: string): boolean {
  return text.includes(spec) || text.includes(spec.startsWith('RFC') ? `rfc${spec.slice(4)}` : spec.slice(4));
}
