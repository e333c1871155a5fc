import { JID, NS, xml } from '@tutti/xmpp';
import {
  type AccountFacts,
  type Message,
  type Plan,
  readMessage,
  type SenderFacts,
  type SessionFacts,
} from '../src/index.ts';

export const ALICE = 'alice@example.org';
export const BOB = 'bob@example.org';

/** Reads `phone=im-ng desk=legacy,carbons,5`: a number is the priority, without one there was no presence. */
function sessions(text: string): SessionFacts[] {
  const words = text.split(' ').filter((word) => word !== '');
  return words.map((word) => {
    const [resource = '', options = ''] = word.split('=');
    const [kind, ...rest] = options.split(',');
    const priority = rest.find((option) => /^-?\d+$/.test(option));
    return {
      resource,
      imNg: kind === 'im-ng',
      carbons: rest.includes('carbons'),
      priority: priority === undefined ? undefined : Number(priority),
    };
  });
}

export function account(jid: string, text: string, facts: Partial<AccountFacts> = {}): AccountFacts {
  return { jid, sessions: sessions(text), blocks: false, archives: true, ...facts };
}

export function sender(jid: string, resource: string, text: string, facts: Partial<AccountFacts> = {}): SenderFacts {
  return { ...account(jid, text, facts), resource };
}

/** A message with a body unless it has other children. */
export function message(given: {
  readonly from?: string;
  readonly to?: string | undefined;
  readonly type?: string | undefined;
  readonly marked?: boolean;
  readonly children?: readonly ReturnType<typeof xml>[];
}): Message {
  const { from = 'alice@example.org/phone', to, type, marked = false, children = [xml('body', null, 'hello')] } = given;
  const stanza = xml('message', { from, to, type }, ...children, marked && xml('im-ng', { xmlns: NS.imNg }));
  return readMessage(stanza, JID.parse(from), to === undefined ? undefined : JID.parse(to));
}

const LETTERS = { archived: 'A', 'as-sent': '=', received: 'R', sent: 'S' } as const;

/** What each of these sessions gets: A archived, = as sent, R and S carbons, a dot for nothing; more letters where it gets more. */
export function lettersOf(plan: Plan, side: 'sender' | 'recipient', list: readonly SessionFacts[]): string {
  const cells = list.map(({ resource }) => {
    const own = plan.deliveries.filter((one) => one.side === side && one.resource === resource);
    return own.map(({ form }) => LETTERS[form]).join('') || '.';
  });
  return cells.join(' ');
}

/** The error in one word: `-`, or its condition, with `+` where it carries the marker. */
export function errorOf(plan: Plan): string {
  return plan.error === undefined ? '-' : `${plan.error.condition}${plan.error.marked ? '+' : ''}`;
}

/** Reads a table of words: one row per line, cells between bars. */
export function table(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.includes('|'));
  return lines.map((line) => line.split('|').map((cell) => cell.trim()));
}
