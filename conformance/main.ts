import { readFile } from 'node:fs/promises';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { Account } from './client/login.ts';
import { type Means, measureDevices, type Measured } from './devices/measure.ts';
import { formatDevices } from './devices/report.ts';
import type { Address } from './client/transport.ts';
import { formatJson, formatMarkdown, formatText } from './report.ts';
import { runSections } from './run.ts';
import { SECTIONS } from './sections.ts';
import type { Section } from './suite.ts';
import type { Target } from './target.ts';
import { startEjabberd } from './targets/ejabberd.ts';
import { probeForeign } from './targets/foreign.ts';
import { startProsody } from './targets/prosody.ts';
import { startTutti } from './targets/tutti.ts';

const HELP = `Usage: tutti conformance [options]        (in a checkout: npm run conformance -- [options])

Without --host, --ws and --bosh: starts Tutti and tests it.

  --prosody            start Debian's Prosody on loopback and test that: a check of the tests themselves
  --ejabberd           start Debian's ejabberd on loopback and test that
  --host HOST          the server under test
  --port PORT          default 5222, with direct TLS 5223
  --domain DOMAIN      default: the host
  --tls KIND           starttls (default), direct, none
  --ws URL             its WebSocket; without --host it is tested over WebSocket only
  --bosh URL           its BOSH, for the sections that run over it
  --accounts FILE      a line each: JID, space, password; each test takes fresh ones. Without it, accounts are registered in band
  --grace MS           how long the server may take for what comes without being asked for (default 100)
  --parallel N         how many tests at once (default 4, with --accounts 1)
  --devices            what each of three devices a person sees of everyday messages; also done where the server has no IM-NG
  --section PREFIX     only these: "0409", "0409/3", "rfc6121/8.5"; may stand more than once
  --json, --md         the report as JSON, as Markdown
  --list               what there is to run, and how many accounts it takes at most
`;

const OPTIONS = {
  prosody: { type: 'boolean', default: false },
  ejabberd: { type: 'boolean', default: false },
  host: { type: 'string' },
  port: { type: 'string' },
  domain: { type: 'string' },
  tls: { type: 'string', default: 'starttls' },
  ws: { type: 'string' },
  bosh: { type: 'string' },
  accounts: { type: 'string' },
  grace: { type: 'string', default: '100' },
  parallel: { type: 'string' },
  devices: { type: 'boolean', default: false },
  section: { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
  md: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const satisfies ParseArgsConfig['options'];

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/**
 * Runs the conformance tests: against our own server, or against any other.
 * @param args as after `tutti conformance`
 * @returns the exit code: 0 all passed, 1 a test failed, 2 the arguments are wrong
 */
export async function runConformance(args: readonly string[]): Promise<number> {
  const values = readArguments(args);
  if (values === undefined) return 2;
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const sections = SECTIONS.filter(
    (section) => values.section === undefined || values.section.some((prefix) => matches(section, prefix)),
  );
  if (values.list) {
    for (const { spec, section, title, tests } of sections)
      console.log(`${spec} §${section} ${title}: ${tests.length} tests`);
    return 0;
  }
  const target = await openTarget(values);
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
    const format = values.md ? formatMarkdown : formatText;
    const means = target.offers === undefined || target.offers.has('im-ng') ? 'im-ng' : 'carbons';
    const measured = values.devices || means === 'carbons' ? await measure(counted, means) : [];
    process.stdout.write(
      values.json ? formatJson(target.name, results, { means, measured }) : format(target.name, results),
    );
    if (!values.json && measured.length > 0) process.stdout.write(formatDevices(target.name, means, measured));
    return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
  } finally {
    await target.stop();
  }
}

function readArguments(args: readonly string[]): Values | undefined {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n--help tells what there is`);
    return undefined;
  }
}

async function measure(target: Target, means: Means): Promise<Measured[]> {
  const { offers } = target;
  // Without Carbons or an archive there is nothing to follow a conversation by.
  if (offers !== undefined && means === 'carbons' && !(offers.has('carbons') && offers.has('mam'))) return [];
  return measureDevices(target, means, target.transports[0] ?? 'tcp');
}

async function openTarget(values: Values): Promise<Target> {
  const { host, ws, bosh, tls } = values;
  if (values.prosody) return startProsody();
  if (values.ejabberd) return startEjabberd();
  if (host === undefined && ws === undefined && bosh === undefined) return startTutti();
  if (tls !== 'starttls' && tls !== 'direct' && tls !== 'none')
    throw new Error(`--tls is starttls, direct or none, not ${tls}`);
  const domain = values.domain ?? host ?? new URL(ws ?? bosh ?? '').hostname;
  const port = Number(values.port ?? (tls === 'direct' ? 5223 : 5222));
  const tcp: Address | undefined = host === undefined ? undefined : { transport: 'tcp', host, port, tls, domain };
  const webSocket: Address | undefined =
    ws === undefined ? undefined : { transport: 'ws', host: '', port: 0, tls: 'none', url: ws, domain };
  const overHttp: Address | undefined =
    bosh === undefined ? undefined : { transport: 'bosh', host: '', port: 0, tls: 'none', url: bosh, domain };
  const accounts = values.accounts === undefined ? [] : readAccounts(await readFile(values.accounts, 'utf8'));
  return probeForeign({ domain, tcp, ws: webSocket, bosh: overHttp, accounts, grace: Number(values.grace) });
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
