import { client, xml } from '@xmpp/client';
import { NS } from '@tutti/xmpp';
import type { Login, Participant } from './participant.ts';
import { Screen } from './screen.ts';

/** @xmpp/client, over TCP with STARTTLS or over WebSocket. */
export function createXmppJs(login: Login, transport: 'tcp' | 'ws'): Participant {
  const screen = new Screen(login.account);
  const service = transport === 'tcp' ? `xmpp://127.0.0.1:${login.tcp}` : `ws://127.0.0.1:${login.http}/xmpp-websocket`;
  const username = login.account.split('@')[0] ?? '';
  let xmpp: ReturnType<typeof client> | undefined;
  const connected = (): ReturnType<typeof client> => {
    if (xmpp === undefined) throw new Error('not connected');
    return xmpp;
  };
  return {
    screen,
    async join() {
      xmpp = client({ service, domain: login.domain, username, password: login.password, resource: login.resource });
      xmpp.reconnect.stop();
      xmpp.on('error', () => undefined);
      xmpp.on('stanza', (stanza) => screen.take(stanza.toString()));
      await xmpp.start();
      const ns = login.mode === 'im-ng' ? NS.imNg : NS.carbons;
      await xmpp.iqCaller.set(xml('enable', { xmlns: ns }));
      await xmpp.send(xml('presence'));
    },
    async say(to, body) {
      await connected().send(xml('message', { to, type: 'chat' }, xml('body', {}, body)));
    },
    async catchUp(after) {
      const rsm = xml(
        'set',
        { xmlns: NS.rsm },
        xml('max', {}, '100'),
        ...(after === undefined ? [] : [xml('after', {}, after)]),
      );
      await connected().iqCaller.set(xml('query', { xmlns: NS.mam }, rsm));
    },
    async leave() {
      await xmpp?.stop();
      xmpp = undefined;
    },
  };
}
