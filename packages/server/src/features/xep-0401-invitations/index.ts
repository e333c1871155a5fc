import { JID, NS, StanzaError, xml } from '@tutti/xmpp';
import { defineFeature, type FeatureApi } from '../../feature.ts';
import { invitationCommands } from './commands.ts';
import { Door } from './door.ts';
import { Invitations } from './invitations.ts';
import { locatePage, writeLandingUrl, writeUri } from './link.ts';
import { invitationMigrations } from './schema.ts';

/** Invitations of users and of the administrator: links for contacts and for accounts. */
export const invitations = defineFeature({
  spec: 'XEP-0401',
  version: '0.6.0',
  name: 'Ad-hoc Account Invitation Generation',
  migrations: invitationMigrations,
  setup(api) {
    const open = new Invitations(api);
    const door = new Door(api, open);
    for (const command of invitationCommands(api, open)) api.command(command);
    api.doorkeeper(door);
    // XEP-0379 §3.5
    api.approves((account, request) => {
      const token = request.child('preauth', NS.preAuthSubscription)?.attrs['token'];
      return token !== undefined && open.take(account, token);
    });
    // XEP-0445 §3: said also where only the command line invites.
    api.beforeLogin(NS.preAuthSubscription, {
      streamFeature: () => xml('register', { xmlns: NS.ibrToken }),
      answer: (request) => door.answer(request),
    });
    answerCommandLine(api, open);
  },
});

/** Their parts that other people's documents describe. */
export const preAuthRegistration = defineFeature({
  spec: 'XEP-0445',
  version: '0.2.0',
  name: 'Pre-Authenticated In-Band Registration',
});

export const preAuthSubscription = defineFeature({
  spec: 'XEP-0379',
  version: '0.3.3',
  name: 'Pre-Authenticated Roster Subscription',
  note: 'by the server, for links that it has made',
});

/** `tutti invite`. */
function answerCommandLine(api: FeatureApi, open: Invitations): void {
  const describe = (invitation: Awaited<ReturnType<Invitations['create']>>): object => ({
    token: invitation.token,
    uri: writeUri(invitation),
    url: writeLandingUrl(locatePage(api, invitation.domain), invitation),
    inviter: invitation.inviter?.toString(),
    expires: new Date(invitation.expiresAt).toISOString(),
  });
  api.control('invite.create', async ({ jid, contact }) => {
    const wanted = typeof jid === 'string' ? readAddress(jid) : undefined;
    const inviter = typeof contact === 'string' ? readAddress(contact) : undefined;
    if (inviter !== undefined && !(await api.accounts.exists(inviter))) {
      throw new StanzaError('item-not-found', { text: `there is no account ${inviter.toString()}` });
    }
    const domain = wanted?.domain ?? inviter?.domain ?? api.config.domains[0] ?? '';
    if (!api.isLocalDomain(domain))
      throw new StanzaError('item-not-found', { text: `${domain} is not a domain of this server` });
    const username = wanted === undefined || wanted.local === '' ? undefined : wanted.local;
    return describe(await open.create({ domain, inviter, username, registers: true }));
  });
  api.control('invite.list', async () => (await open.list()).map(describe));
  api.control('invite.revoke', async ({ token }) => {
    if (typeof token === 'string' && (await open.end(token))) return undefined;
    throw new StanzaError('item-not-found', { text: 'there is no such invitation' });
  });
}

function readAddress(text: string): JID {
  const jid = JID.tryParse(text);
  if (jid === undefined || jid.resource !== '')
    throw new StanzaError('jid-malformed', { text: `${text} is no address` });
  return jid;
}
