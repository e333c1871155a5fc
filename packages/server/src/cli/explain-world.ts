/** The world that `tutti explain` plays a message in: accounts with sessions, as the command line or a file describes them. */
import type { AccountFacts, SessionFacts, World } from '@tutti/routing';
import { JID } from '@tutti/xmpp';
import { CliError, EXIT } from './exit.ts';

export interface ExplainAccount {
  readonly sessions: readonly SessionFacts[];
  /** A8 */
  readonly archive: 'always' | 'never';
  /** Bare JIDs. */
  readonly blocks: readonly string[];
}

export interface ExplainWorld {
  /** By bare JID. Their domains are the ones that this server serves. */
  readonly accounts: ReadonlyMap<string, ExplainAccount>;
  /** Domains of services of this server, such as rooms. */
  readonly services: readonly string[];
  /** A7 */
  readonly policy: World['policy'];
  /** D6 */
  readonly roomCopy: boolean;
}

const DEVICES = [
  ['phone', 'im-ng'],
  ['laptop', 'im-ng'],
  ['desk', 'legacy,carbons'],
] as const;

/** Two people with three devices each. */
export function defaultWorld(): ExplainWorld {
  const people = ['alice@localhost', 'bob@localhost'];
  const accounts = people.map(
    (jid) => [jid, accountOf(DEVICES.map(([name, kind]) => parseDevice(name, kind)))] as const,
  );
  return { accounts: new Map(accounts), services: ['conference.localhost'], policy: 'everything', roomCopy: false };
}

export function accountOf(sessions: readonly SessionFacts[]): ExplainAccount {
  return { sessions, archive: 'always', blocks: [] };
}

const SESSION_HELP = 'write it like bob@localhost/desk=legacy,carbons,priority=5';

/** Reads `bob@localhost/desk=legacy,carbons,priority=5`. */
export function parseSession(text: string): { readonly account: string; readonly session: SessionFacts } {
  const equals = text.lastIndexOf('=', text.search(/=(im-ng|legacy)/));
  const jid = equals < 0 ? undefined : JID.tryParse(text.slice(0, equals));
  if (jid === undefined || jid.isBare || jid.local === '') {
    throw new CliError(`--session ${text}: ${SESSION_HELP}`, EXIT.usage);
  }
  return { account: jid.bare.toString(), session: parseDevice(jid.resource, text.slice(equals + 1)) };
}

/** Reads `legacy,carbons,priority=5`; throws CliError. A session is available with priority 0 unless it says otherwise. */
export function parseDevice(resource: string, text: string): SessionFacts {
  const [kind = '', ...options] = text.split(',').map((part) => part.trim());
  if (kind !== 'im-ng' && kind !== 'legacy') throw wrong(resource, `"${kind}" is neither im-ng nor legacy`);
  let carbons = false;
  let priority: number | undefined = 0;
  for (const option of options) {
    const [, digits] = /^priority=(-?\d{1,3})$/.exec(option) ?? [];
    if (option === 'carbons') carbons = true;
    else if (option === 'silent') priority = undefined;
    else if (digits !== undefined && Number(digits) >= -128 && Number(digits) <= 127) priority = Number(digits);
    else throw wrong(resource, `"${option}" is not one of carbons, silent, priority=-128…127`);
  }
  if (kind === 'im-ng' && carbons) throw wrong(resource, 'IM-NG and Carbons exclude each other (E3)');
  return { resource, imNg: kind === 'im-ng', carbons, priority };
}

/** What the planner is to know of an account, as far as the other party matters. */
export function factsOf(world: ExplainWorld, name: string, other: string): AccountFacts | undefined {
  const account = world.accounts.get(name);
  if (account === undefined) return undefined;
  const { sessions, archive, blocks } = account;
  return { jid: name, sessions, blocks: blocks.includes(other), archives: archive === 'always' };
}

/** Where an address leads. */
export function destinationOf(world: ExplainWorld, to: JID): World['destination'] {
  const isLocal = servedDomains(world).has(to.domain);
  if (isLocal) return to.local === '' ? 'service' : 'account';
  return world.services.includes(to.domain) ? 'service' : 'remote';
}

export function servedDomains(world: ExplainWorld): Set<string> {
  return new Set([...world.accounts.keys()].map((name) => name.slice(name.indexOf('@') + 1)));
}

function wrong(resource: string, what: string): CliError {
  return new CliError(`session ${resource}: ${what}`, EXIT.usage);
}
