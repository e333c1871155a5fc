/** `tutti explain`: what becomes of a message, and by which rule. */
import type { Command } from 'commander';
import { RULES, type RuleId } from '@tutti/routing';
import { CliError, EXIT } from './exit.ts';
import { type MessageFlags, readGivenMessage } from './explain-message.ts';
import { explainMessage } from './explain-plan.ts';
import { printExplanation, printRules } from './explain-print.ts';
import { accountOf, defaultWorld, type ExplainAccount, type ExplainWorld, parseSession } from './explain-world.ts';
import { makePaint } from './io.ts';
import type { Context } from './program.ts';

interface WorldFlags {
  readonly session?: readonly string[];
  readonly unknown?: boolean;
  readonly blocked?: boolean;
  readonly blocking?: boolean;
  readonly archive?: readonly string[];
  readonly policy?: string;
  readonly roomCopy?: boolean;
  readonly service?: readonly string[];
  readonly world?: string;
}

interface ExplainFlags extends MessageFlags, WorldFlags {
  readonly rules?: boolean;
  readonly json?: boolean;
}

const HELP = `
Without options alice writes to bob; both have a phone and a laptop with IM-NG and a desk without, with Carbons.

Examples:
  tutti explain                                          a chat message to a bare JID
  tutti explain --to bob@localhost/desk                  to one of his resources
  tutti explain --to bob@localhost/gone --marker         for one session that is not there
  tutti explain --to room@conference.localhost --type groupchat
  tutti explain --from room@conference.localhost/bob --to alice@localhost/phone --type groupchat
  tutti explain --from room@conference.localhost/bob --to alice@localhost/phone \\
    --payload "<x xmlns='http://jabber.org/protocol/muc#user'/>"   a room's private message; --room-copy: once more
  tutti explain --typing --policy content                a typing notification that is not to be archived
  tutti explain --session bob@localhost/old=legacy,carbons,priority=-1
  tutti explain --blocked                                bob blocks alice
  tutti explain message.xml --world world.toml           a stanza from a file (-: standard input)
  tutti explain D3                                       one rule
  tutti explain --rules                                  all rules

A world in a file:
  services = ["conference.localhost"]
  policy = "everything"
  [accounts."alice@localhost"]
  sessions = { phone = "im-ng", desk = "legacy,carbons,priority=5", tv = "im-ng,silent" }
  archive = "never"
  blocks = ["bob@localhost"]`;

/** Adds `explain` to the program. */
export function registerExplain(program: Command, { io }: Context): void {
  program
    .command('explain [message]')
    .summary('show who gets a message, in what form, and by which rule')
    .description('Shows who gets a message, in what form, where it is archived, and by which rule. Nothing is sent.')
    .option('--from <jid>', 'the session that sends it (default: alice@localhost/phone)')
    .option('--to <jid>', 'the address (default: bob@localhost)')
    .option('--no-to', 'without an address')
    .option('--type <type>', 'chat, normal, groupchat, headline or error (default: chat)')
    .option('--marker', 'with <im-ng/>: for one session')
    .option('--body <text>', 'what it says')
    .option('--no-body', 'without a body')
    .option('--typing', 'with a chat state')
    .option('--no-store', 'with a no-store hint')
    .option('--payload <xml>', 'with this element; may be repeated', collect)
    .option(
      '--session <jid=kind>',
      'a session: im-ng or legacy, then carbons, silent, priority=N; may be repeated',
      collect,
    )
    .option('--unknown', 'the account addressed does not exist')
    .option('--blocked', 'the account addressed blocks the sender')
    .option('--blocking', 'the sender blocks the account addressed')
    .option('--archive <never|jid=never>', 'nobody, or that account, wants an archive (XEP-0441)', collect)
    .option('--policy <policy>', 'everything, or content: typing notifications are not archived')
    .option('--room-copy', "a room's copy of a private message that came already")
    .option('--service <domain>', 'a service of this server (default: conference.localhost)', collect)
    .option('--world <file>', 'the accounts from a file (TOML or JSON)')
    .option('--rules', 'list all rules')
    .option('--json', 'write JSON')
    .addHelpText('after', HELP)
    .action(async (subject: string | undefined, flags: ExplainFlags) => {
      const paint = makePaint(io.stdout, io.env);
      const ids = flags.rules === true ? (Object.keys(RULES) as RuleId[]) : ruleIds(subject);
      if (ids !== undefined) {
        const rules = ids.map((id) => ({ id, ...RULES[id] }));
        io.stdout.write(flags.json === true ? toJson(rules) : printRules(ids, paint));
        return;
      }
      const given = await readGivenMessage(subject, flags, io);
      const world = await readWorld(
        flags,
        given.from.bare.toString(),
        (given.to ?? given.from).bare.toString(),
        io.cwd,
      );
      const explanation = explainMessage(world, given);
      io.stdout.write(flags.json === true ? toJson(explanation) : printExplanation(explanation, paint));
    });
}

/** `D3` or `d3`; undefined for anything that doesn't look like a rule. */
function ruleIds(subject: string | undefined): readonly RuleId[] | undefined {
  const id = subject?.toUpperCase() ?? '';
  if (!/^[A-Z]\d$/.test(id)) return undefined;
  if (!Object.hasOwn(RULES, id))
    throw new CliError(`there is no rule ${id}; tutti explain --rules lists them`, EXIT.usage);
  return [id as RuleId];
}

/** The world by the options; `own` sends and `peer` is addressed, both bare JIDs. */
async function readWorld(flags: WorldFlags, own: string, peer: string, cwd: string): Promise<ExplainWorld> {
  const base =
    flags.world === undefined
      ? defaultWorld()
      : (await import('./explain-world-file.ts')).readWorldFile(flags.world, cwd);
  const accounts = new Map(base.accounts);
  const change = (name: string, changed: Partial<ExplainAccount>): void => {
    accounts.set(name, { ...(accounts.get(name) ?? accountOf([])), ...changed });
  };
  const sessions = (flags.session ?? []).map(parseSession);
  for (const name of new Set(sessions.map(({ account }) => account))) {
    change(name, { sessions: sessions.filter(({ account }) => account === name).map(({ session }) => session) });
  }
  for (const wish of flags.archive ?? []) {
    const name = wish === 'never' ? undefined : /^(.+)=never$/.exec(wish)?.[1];
    if (wish !== 'never' && !accounts.has(name ?? ''))
      throw new CliError(`--archive ${wish}: write never, or an account of this world and =never`, EXIT.usage);
    for (const one of name === undefined ? accounts.keys() : [name]) change(one, { archive: 'never' });
  }
  const block = (option: string, name: string, whom: string): void => {
    if (!accounts.has(name)) throw new CliError(`${option}: there is no account ${name} in this world`, EXIT.usage);
    change(name, { blocks: [whom] });
  };
  if (flags.blocked === true) block('--blocked', peer, own);
  if (flags.blocking === true) block('--blocking', own, peer);
  if (flags.unknown === true) accounts.delete(peer);
  const { policy = base.policy } = flags;
  if (policy !== 'everything' && policy !== 'content')
    throw new CliError(`--policy ${policy}: write everything or content`, EXIT.usage);
  return { accounts, services: flags.service ?? base.services, policy, roomCopy: flags.roomCopy ?? base.roomCopy };
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
