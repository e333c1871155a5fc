/**
 * Runs the conformance tests against our own server, or against any other:
 * `npm run conformance -- --host example.org --domain example.org --accounts FILE --section 0409/3`
 */
import { readFile } from 'node:fs/promises';
import { parseArguments } from '../scripts/arguments.ts';
import type { Account } from './client/login.ts';
import type { Address } from './client/transport.ts';
import { formatJson, formatMarkdown, formatText } from './report.ts';
import { runSections } from './run.ts';
import { SECTIONS } from './sections.ts';
import type { Section } from './suite.ts';
import type { Target } from './target.ts';
import { probeForeign } from './targets/foreign.ts';
import { startProsody } from './targets/prosody.ts';
import { startTutti } from './targets/tutti.ts';

const HELP = `Usage: npm run conformance -- [options]

Without --host and --ws: starts Tutti and tests it.

  --prosody            start Debian's Prosody on loopback and test that: a check of the tests themselves
  --host HOST          the server under test
  --port PORT          default 5222, with direct TLS 5223
  --domain DOMAIN      default: the host
  --tls KIND           starttls (default), direct, none
  --ws URL             its WebSocket; without --host it is tested over WebSocket only
  --accounts FILE      a line each: JID, space, password; each test takes fresh ones. Without it, accounts are registered in band
  --grace MS           how long the server may take for what comes without being asked for (default 100)
  --parallel N         how many tests at once (default 4, with --accounts 1)
  --section PREFIX     only these: "0409", "0409/3", "rfc6121/8.5"; may stand more than once
  --json, --md         the report as JSON, as Markdown
  --list               what there is to run, and how many accounts it takes at most
`;

const { values } = parseArguments(HELP, {
  options: {
    prosody: { type: 'boolean', default: false },
    host: { type: 'string' },
    port: { type: 'string' },
    domain: { type: 'string' },
    tls: { type: 'string', default: 'starttls' },
    ws: { type: 'string' },
    accounts: { type: 'string' },
    grace: { type: 'string', default: '100' },
    parallel: { type: 'string' },
    section: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    md: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const sections = SECTIONS.filter(
    (section) => values.section === undefined || values.section.some((prefix) => matches(section, prefix)),
  );
  if (values.list) {
    for (const { spec, section, title, tests } of sections)
      console.log(`${spec} §${section} ${title}: ${tests.length} tests`);
    return 0;
  }
  const target = await openTarget();
  try {
    const parallel = Number(values.parallel ?? (values.accounts === undefined ? 4 : 1));
    let taken = 0;
    const counted: Target = {
      ...target,
      address: (transport) => target.address(transport),
      account: (name) => ((taken += 1), target.account(name)),
    };
    const results = await runSections(counted, sections, {
      parallel,
      onResult: ({ outcome }) =>
        void process.stderr.write(outcome === 'passed' ? '.' : outcome === 'failed' ? 'F' : '-'),
    });
    process.stderr.write(`\n${results.length} results, ${taken} accounts used\n`);
    const format = values.json ? formatJson : values.md ? formatMarkdown : formatText;
    process.stdout.write(format(target.name, results));
    return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
  } finally {
    await target.stop();
  }
}

async function openTarget(): Promise<Target> {
  const { host, ws, tls } = values;
  if (values.prosody) return startProsody();
  if (host === undefined && ws === undefined) return startTutti();
  if (tls !== 'starttls' && tls !== 'direct' && tls !== 'none')
    throw new Error(`--tls is starttls, direct or none, not ${tls}`);
  const domain = values.domain ?? host ?? new URL(ws ?? '').hostname;
  const port = Number(values.port ?? (tls === 'direct' ? 5223 : 5222));
  const tcp: Address | undefined = host === undefined ? undefined : { transport: 'tcp', host, port, tls, domain };
  const webSocket: Address | undefined =
    ws === undefined ? undefined : { transport: 'ws', host: '', port: 0, tls: 'none', url: ws, domain };
  const accounts = values.accounts === undefined ? [] : readAccounts(await readFile(values.accounts, 'utf8'));
  return probeForeign({ domain, tcp, ws: webSocket, accounts, grace: Number(values.grace) });
}

function readAccounts(text: string): Account[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [jid = '', password] = line.split(/\s+/);
      if (password === undefined) throw new Error(`a line of the accounts has no password: ${jid}`);
      return { jid, password };
    });
}

/** `0409/3` is §3 and all below it of xep-0409; `rfc6121` is all of it. */
function matches({ spec, section }: Section, prefix: string): boolean {
  const [name = '', number] = prefix.split('/');
  const right = spec === name || spec === `xep-${name}` || spec === `rfc${name}`;
  return right && (number === undefined || section === number || section.startsWith(`${number}.`));
}
