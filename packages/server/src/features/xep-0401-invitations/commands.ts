import { JID, NS, readBoolean, readSingle, StanzaError, writeForm } from '@tutti/xmpp';
import type { AdHocCommand, CommandRequest, FeatureApi } from '../../feature.ts';
import type { Invitations } from './invitations.ts';
import { locatePage, writeInvitation } from './link.ts';

/** XEP-0401 §3: what users run to invite somebody. */
export function invitationCommands(api: FeatureApi, invitations: Invitations): readonly AdHocCommand[] {
  const isOurs = (from: JID): boolean => api.isLocalDomain(from.domain) && from.local !== '';
  const mayRegister = (from: JID): boolean => {
    const { accounts } = api.config.invitations;
    return isOurs(from) && (accounts === 'everyone' || (accounts === 'admins' && api.isAdministrator(from)));
  };
  const form = async (wanted: Parameters<Invitations['create']>[0]) => ({
    form: writeInvitation(locatePage(api, wanted.domain), await invitations.create(wanted)),
  });
  return [
    {
      node: `${NS.invite}#invite`,
      name: 'Invite somebody',
      allows: (from) => api.config.invitations.contacts && isOurs(from),
      run: ({ from, domain }) =>
        form({ domain, inviter: from.bare, username: undefined, registers: mayRegister(from) }),
    },
    {
      node: `${NS.invite}#create-account`,
      name: 'Invite somebody to get an account here',
      allows: mayRegister,
      form: () =>
        writeForm('form', undefined, [
          { var: 'username', type: 'text-single', label: 'Username; leave it empty to let them choose' },
          { var: 'roster-subscription', type: 'boolean', label: 'Become contacts', value: true },
        ]),
      run({ from, domain }: CommandRequest, filledIn) {
        const name = (filledIn && readSingle(filledIn, 'username')) ?? '';
        const befriends = (filledIn && readBoolean(filledIn, 'roster-subscription')) ?? false;
        const inviter = befriends ? from.bare : undefined;
        return form({ domain, inviter, username: name === '' ? undefined : readName(name, domain), registers: true });
      },
    },
  ];
}

function readName(name: string, domain: string): string {
  try {
    return JID.of(name, domain).local;
  } catch {
    throw new StanzaError('jid-malformed', { text: 'That can be no username.' });
  }
}
