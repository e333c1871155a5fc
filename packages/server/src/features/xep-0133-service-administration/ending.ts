import { type DataForm, readSingle, StanzaError } from '@tutti/xmpp';
import type { AdHocCommand, FeatureApi } from '../../feature.ts';
import { announce } from './announce.ts';
import { administrators, ask, nodeOf } from './form.ts';

/** XEP-0133 §4.30: how long everybody has until then, in seconds. */
const DELAYS = [
  ['30', '30 seconds'],
  ['60', '1 minute'],
  ['90', '90 seconds'],
  ['120', '2 minutes'],
  ['180', '3 minutes'],
  ['240', '4 minutes'],
  ['300', '5 minutes'],
] as const;
const DEFAULT_DELAY = '60';

/** XEP-0133 §4.30, §4.31: the server ends, to be started again by its supervisor or not, after a delay and an announcement. */
export function endingCommands(api: FeatureApi): readonly AdHocCommand[] {
  const { stop } = api;
  if (stop === undefined) return [];
  let planned: { readonly cancel: () => void } | undefined;
  const command = (node: 'restart' | 'shutdown', name: string, done: string): AdHocCommand => ({
    node: nodeOf(node),
    name,
    allows: administrators(api),
    form: ask(name, [
      { var: 'delay', type: 'list-single', label: 'Time until then', value: DEFAULT_DELAY, options: DELAYS },
      { var: 'announcement', type: 'text-multi', label: 'Announcement to everybody online' },
    ]),
    run({ from }, form) {
      const seconds = readDelay(form);
      const text = (form?.fields.get('announcement') ?? []).join('\n');
      // The whole server ends, whichever domain was asked.
      if (text.trim() !== '') for (const domain of api.config.domains) announce(api, domain, text);
      planned?.cancel();
      planned = api.clock.after(seconds * 1000, () => stop(node));
      api.logger.warn({ by: from.toString(), seconds }, node);
      return { note: `${done} in ${seconds} seconds.` };
    },
  });
  return [
    command('restart', 'Restart the server', 'The server restarts'),
    command('shutdown', 'Shut down the server', 'The server shuts down'),
  ];
}

function readDelay(form: DataForm | undefined): number {
  const value = (form && readSingle(form, 'delay')) ?? DEFAULT_DELAY;
  if (!DELAYS.some(([seconds]) => seconds === value)) {
    throw new StanzaError('bad-request', { text: "'delay' is one of the times in the form." });
  }
  return Number(value);
}
