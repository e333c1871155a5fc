import { type DataForm, readSingle, StanzaError } from '@tutti/xmpp';
import type { AdHocCommand, FeatureApi } from '../../feature.ts';
import { administrators, ask, nodeOf, tell } from './form.ts';

/** Who has sent something within so many ms is active (§4.16). */
const ACTIVE_MS = 10 * 60 * 1000;

/** The most addresses in one list; who wants more has `tutti user list`. */
const LIST_MAX = 1000;

/** A kind of accounts that is counted and listed. */
interface Kind {
  /** As it stands in the node. */
  readonly node: string;
  readonly name: string;
  /** The field of the count and that of the list. */
  readonly count: string;
  readonly list: string;
  readonly find: (domain: string) => readonly string[] | Promise<readonly string[]>;
}

/** XEP-0133 §4.13–§4.22: how many accounts there are of a kind, and which. */
export function listCommands(api: FeatureApi): readonly AdHocCommand[] {
  const allows = administrators(api);
  const online = (domain: string, wanted: (idle: number) => boolean): readonly string[] => {
    const idle = new Map<string, number>();
    for (const { account, lastActive } of api.sessions()) {
      if (account.jid.domain !== domain) continue;
      const name = account.jid.toString();
      idle.set(name, Math.min(idle.get(name) ?? Infinity, api.clock.now() - lastActive));
    }
    return [...idle]
      .filter(([, ms]) => wanted(ms))
      .map(([name]) => name)
      .toSorted();
  };
  const stored = async (domain: string, disabled: boolean): Promise<readonly string[]> => {
    const accounts = await api.accounts.list(domain);
    return accounts.filter((one) => !disabled || one.disabled === true).map(({ jid }) => jid);
  };
  const kinds: readonly Kind[] = [
    {
      node: 'registered',
      name: 'accounts',
      count: 'registeredusersnum',
      list: 'registereduserjids',
      find: (domain) => stored(domain, false),
    },
    {
      node: 'disabled',
      name: 'disabled accounts',
      count: 'disabledusersnum',
      list: 'disableduserjids',
      find: (domain) => stored(domain, true),
    },
    {
      node: 'online',
      name: 'accounts online',
      count: 'onlineusersnum',
      list: 'onlineuserjids',
      find: (domain) => online(domain, () => true),
    },
    {
      node: 'active',
      name: 'active accounts',
      count: 'activeusersnum',
      list: 'activeuserjids',
      find: (domain) => online(domain, (ms) => ms < ACTIVE_MS),
    },
    {
      node: 'idle',
      name: 'idle accounts',
      count: 'idleusersnum',
      list: 'idleuserjids',
      find: (domain) => online(domain, (ms) => ms >= ACTIVE_MS),
    },
  ];
  return kinds.flatMap((kind): AdHocCommand[] => [
    {
      node: nodeOf(`get-${kind.node}-users-num`),
      name: `Count ${kind.name}`,
      allows,
      run: async ({ domain }) =>
        tell([{ var: kind.count, type: 'text-single', value: (await kind.find(domain)).length }]),
    },
    {
      node: nodeOf(`get-${kind.node}-users-list`),
      name: `List ${kind.name}`,
      allows,
      form: ask(`List ${kind.name}`, [
        {
          var: 'max_items',
          type: 'list-single',
          label: 'At most',
          value: '100',
          options: ['25', '50', '100', '200', '1000'],
        },
      ]),
      async run({ domain }, form) {
        const max = readMax(form);
        const found = await kind.find(domain);
        const shown = found.slice(0, max);
        const more = found.length - shown.length;
        return {
          ...tell([{ var: kind.list, type: 'text-multi', value: shown }]),
          ...(more > 0 ? { note: `${more} more are not shown.` } : {}),
        };
      },
    },
  ]);
}

function readMax(form: DataForm | undefined): number {
  const text = (form && readSingle(form, 'max_items')) ?? '100';
  if (text === 'none') return LIST_MAX;
  if (!/^\d{1,6}$/.test(text)) throw new StanzaError('bad-request', { text: "The value of 'max_items' is a number." });
  return Math.min(Number(text), LIST_MAX);
}
