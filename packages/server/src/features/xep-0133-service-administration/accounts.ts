import {
  type AccountAdmin,
  AccountError,
  type AdHocCommand,
  type CommandResult,
  type FeatureApi,
} from '../../feature.ts';
import { administrators, ask, nodeOf, requireAddresses, requireText } from './form.ts';

const PASSWORD = [
  { var: 'password', type: 'text-private', label: 'Password', required: true },
  { var: 'password-verify', type: 'text-private', label: 'The same again', required: true },
] as const;
const ONE = { var: 'accountjid', type: 'jid-single', label: 'Address of the account', required: true } as const;
const SOME = { var: 'accountjids', type: 'jid-multi', label: 'Addresses of the accounts', required: true } as const;

/** XEP-0133 §4.1–§4.4, §4.7: accounts. */
export function accountCommands(api: FeatureApi): readonly AdHocCommand[] {
  const { accounts } = api;
  const allows = administrators(api);
  const withPassword = (
    node: string,
    name: string,
    done: string,
    change: (jid: string, password: string) => Promise<unknown>,
  ): AdHocCommand => ({
    node: nodeOf(node),
    name,
    allows,
    form: ask(name, [ONE, ...PASSWORD]),
    run: async (_, form) => {
      const [jid] = requireAddresses(form, 'accountjid');
      const password = requireText(form, 'password');
      if (password !== requireText(form, 'password-verify')) return fail('The two passwords are not the same.');
      return report([String(jid)], done, (one) => change(one, password));
    },
  });
  const withMany = (
    node: string,
    name: string,
    done: string,
    change: (jid: string) => ReturnType<AccountAdmin['remove']>,
  ): AdHocCommand => ({
    node: nodeOf(node),
    name,
    allows,
    form: ask(name, [SOME]),
    run: (_, form) => report(requireAddresses(form, 'accountjids').map(String), done, change),
  });
  return [
    withPassword('add-user', 'Add an account', 'Added', (jid, password) => accounts.add(jid, password)),
    withMany('delete-user', 'Remove accounts', 'Removed', (jid) => accounts.remove(jid)),
    withMany('disable-user', 'Disable accounts', 'Disabled', (jid) => accounts.setEnabled(jid, false)),
    withMany('reenable-user', 'Enable accounts', 'Enabled', (jid) => accounts.setEnabled(jid, true)),
    withPassword('change-user-password', 'Change a password', 'Changed the password of', (jid, password) =>
      accounts.setPassword(jid, password),
    ),
  ];
}

/** Does it to each of them, and says what was done and what could not be. */
async function report(
  jids: readonly string[],
  done: string,
  change: (jid: string) => Promise<unknown>,
): Promise<CommandResult> {
  const well: string[] = [];
  const problems: string[] = [];
  for (const jid of jids) {
    try {
      await change(jid);
      well.push(jid);
    } catch (error) {
      if (!(error instanceof AccountError)) throw error;
      problems.push(error.message);
    }
  }
  const parts = [well.length > 0 ? `${done} ${well.join(', ')}.` : '', ...problems.map((problem) => `${problem}.`)];
  return { note: parts.filter((part) => part !== '').join(' '), failed: problems.length > 0 };
}

function fail(note: string): CommandResult {
  return { note, failed: true };
}
