import { readSingle, xml } from '@tutti/xmpp';
import { type AdHocCommand, type FeatureApi, randomId } from '../../feature.ts';
import { administrators, ask, nodeOf, requireLines } from './form.ts';

/** XEP-0133 §4.23: a message of the domain's to everybody who is online; it is routed like any other (C1), so all their devices have it. */
export function announceCommand(api: FeatureApi): AdHocCommand {
  return {
    node: nodeOf('announce'),
    name: 'Send an announcement to everybody online',
    allows: administrators(api),
    form: ask('Send an announcement to everybody online', [
      { var: 'subject', type: 'text-single', label: 'Subject' },
      { var: 'announcement', type: 'text-multi', label: 'Text', required: true },
    ]),
    run({ domain }, form) {
      const text = requireLines(form, 'announcement');
      const told = announce(api, domain, text, form && readSingle(form, 'subject'));
      return { note: told === 1 ? 'Sent to 1 account.' : `Sent to ${told} accounts.` };
    },
  };
}

/** Tells everybody of a domain who is online; gives how many accounts that are. */
export function announce(api: FeatureApi, domain: string, text: string, subject = ''): number {
  const online = [...api.sessions()].map(({ account }) => account.jid).filter((jid) => jid.domain === domain);
  const names = new Set(online.map(String));
  for (const to of names) {
    const id = randomId(api.random, 16);
    api.route(
      xml(
        'message',
        { from: domain, to, id },
        subject !== '' && xml('subject', null, subject),
        xml('body', null, text),
      ),
    );
  }
  return names.size;
}
