import { StanzaError, xml } from '@tutti/xmpp';
import { type AdHocCommand, type FeatureApi, randomId } from '../../feature.ts';
import { administrators, ask, nodeOf } from './form.ts';

/** XEP-0133 §4.23: a message of the domain's to everybody who is online; it is routed like any other (C4), so all their devices have it. */
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
      const text = (form?.fields.get('announcement') ?? []).join('\n');
      if (text.trim() === '')
        throw new StanzaError('bad-request', { text: "The field 'announcement' has to be filled in." });
      const subject = form?.fields.get('subject')?.[0] ?? '';
      const online = [...api.sessions()].map(({ account }) => account.jid).filter((jid) => jid.domain === domain);
      const names = [...new Set(online.map(String))];
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
      return { note: names.length === 1 ? 'Sent to 1 account.' : `Sent to ${names.length} accounts.` };
    },
  };
}
