/** `npm run compare -- kill9` and `npm run compare -- slow`: the same clients and the same load on Tutti, Prosody and ejabberd. */
import { parseArguments, readCount } from '../../scripts/arguments.ts';
import type { Contestant } from './contestant.ts';
import { compareKill9, type Kill9Result } from './kill9.ts';
import { chooseServers, type ServerName, servers } from './servers.ts';
import { compareSlow, type SlowResult } from './slow.ts';

const HELP = `Usage: npm run compare -- kill9|slow [options]

The same clients and the same load on Tutti and on Debian's Prosody and ejabberd, as a table.

  kill9            ends the server with SIGKILL under load, everybody returns: what was acknowledged, and what is there
  slow             a device stops reading while messages flow to its account

  --servers a,b    ${Object.keys(servers).join(', ')} (default: all that are installed)
  --rounds N       kill9: how often the server is killed (default 20)
  --rate N         messages a second (default 300 for kill9, 1000 for slow)
  --messages N     slow: messages of 1 KB that flow while the device does not read (default 20000); half as many before
  --seed N         kill9: chance, to the moments of the kills (default 1)
  --json           one JSON object a server instead of the table
`;

const { values, positionals } = parseArguments(HELP, {
  allowPositionals: true,
  options: {
    servers: { type: 'string' },
    rounds: { type: 'string', default: '20' },
    rate: { type: 'string' },
    messages: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

const KILL9_COLUMNS: readonly (readonly [string, (result: Kill9Result) => string | number])[] = [
  ['sent', ({ sent }) => sent],
  ['acknowledged', ({ acknowledged }) => acknowledged],
  ['of these in no archive', ({ lost }) => lost],
  ['in one of the two only', ({ halves }) => halves],
  ['shown, not archived', ({ unarchived }) => unarchived],
  ['archived twice: sent once', ({ doubled }) => doubled],
  ['… repeated by its client', ({ repeatedTwice }) => repeatedTwice],
  ['not on all devices', ({ differing }) => differing],
  ['shown in another order', ({ misplaced }) => misplaced],
  ['… own ones included', ({ misplacedOwn }) => misplacedOwn],
  ['trouble', ({ trouble }) => trouble ?? ''],
];

const SLOW_COLUMNS: readonly (readonly [string, (result: SlowResult) => string])[] = [
  ['median of the other', ({ median }) => tellRatio(median)],
  ['p99', ({ p99 }) => tellRatio(p99)],
  ['memory', ({ growth }) => `+${(growth / 1_048_576).toFixed(1)} MiB`],
  ['the other got', ({ others, total }) => `${others} of ${total}`],
  ['on its screen, in no archive then', ({ unarchived }) => String(unarchived)],
  ['the slow one: connection', ({ connection }) => connection],
  ['it got when it read again', ({ caughtUp, inOrder }) => `${caughtUp}${inOrder ? '' : ', not in order'}`],
  ['archived in the end', ({ archived, total }) => `${archived} of ${total}`],
];

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const [what] = positionals;
const seed = readCount('seed', values.seed);
const rounds = readCount('rounds', values.rounds, 1);
const messages = readCount('messages', values.messages, 1);
const rate = readCount('rate', values.rate ?? (what === 'slow' ? '1000' : '300'), 1);
const present = chooseServers(values.servers);
if (what === 'kill9') await printTable(KILL9_COLUMNS, runKill9);
else if (what === 'slow') await printTable(SLOW_COLUMNS, runSlow);
else {
  console.error('say what to compare: kill9 or slow');
  process.exit(2);
}

function runKill9(server: Contestant, name: ServerName): Promise<Kill9Result> {
  const progress = process.stderr.isTTY ? (line: string) => void process.stderr.write(`\r\x1b[K${line}`) : undefined;
  return compareKill9(server, {
    rounds,
    seed,
    rate,
    imNg: servers[name].imNg,
    ...(progress === undefined ? {} : { progress }),
  });
}

function runSlow(server: Contestant, name: ServerName): Promise<SlowResult> {
  return compareSlow(server, { messages, rate, imNg: servers[name].imNg });
}

async function printTable<Result>(
  columns: readonly (readonly [string, (result: Result) => string | number])[],
  run: (server: Contestant, name: ServerName) => Promise<Result>,
): Promise<void> {
  if (!values.json) {
    console.log(`| server | ${columns.map(([title]) => title).join(' | ')} |`);
    console.log(`|---|${columns.map(() => '---|').join('')}`);
  }
  for (const name of present) {
    const server = await servers[name].start();
    try {
      const result = await run(server, name);
      const { version, configuration } = server;
      if (values.json) console.log(JSON.stringify({ server: name, version, configuration, ...result }));
      else {
        const cells = columns.map(([, tell]) => tell(result));
        console.log(`| ${server.name} ${version} (${configuration}) | ${cells.join(' | ')} |`);
      }
    } finally {
      await server.stop();
    }
  }
}

function tellRatio([without, beside]: readonly [number, number]): string {
  return `${without.toFixed(0)} → ${beside.toFixed(0)} ms`;
}
