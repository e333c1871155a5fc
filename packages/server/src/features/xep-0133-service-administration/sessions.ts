import type { JID } from '@tutti/xmpp';
import type { AdHocCommand, FeatureApi, SessionView } from '../../feature.ts';
import { administrators, ask, nodeOf, requireAddresses, tell } from './form.ts';

/** XEP-0133 §4.5, §4.10: the sessions of accounts. */
export function sessionCommands(api: FeatureApi): readonly AdHocCommand[] {
  const allows = administrators(api);
  return [
    {
      node: nodeOf('end-user-session'),
      name: 'End sessions',
      allows,
      form: ask('End the sessions of accounts, or single ones', [
        { var: 'accountjids', type: 'jid-multi', label: 'Addresses of accounts or sessions', required: true },
      ]),
      run(_, form) {
        const ended = requireAddresses(form, 'accountjids').flatMap((jid) => sessionsOf(api, jid));
        for (const session of ended) api.end(session, 'not-authorized', 'An administrator has ended this session.');
        return { note: ended.length === 1 ? 'Ended 1 session.' : `Ended ${ended.length} sessions.` };
      },
    },
    {
      node: nodeOf('user-stats'),
      name: 'Figures of an account',
      allows,
      form: ask('Figures of an account', [
        { var: 'accountjid', type: 'jid-single', label: 'Address of the account', required: true },
      ]),
      async run(_, form) {
        const [jid] = requireAddresses(form, 'accountjid');
        if (jid === undefined || !(await api.accounts.exists(jid))) {
          return { note: `There is no account ${String(jid)}.`, failed: true };
        }
        const sessions = sessionsOf(api, jid.bare);
        return tell([
          { var: 'ipaddresses', type: 'text-multi', value: [...new Set(sessions.map(({ address }) => address))] },
          { var: 'onlineresources', type: 'text-multi', value: sessions.map(({ resource }) => resource) },
        ]);
      },
    },
  ];
}

function sessionsOf(api: FeatureApi, jid: JID): readonly SessionView[] {
  const { sessions = [] } = api.loadedAccount(jid.bare) ?? {};
  return sessions.filter((session) => jid.isBare || session.resource === jid.resource);
}
