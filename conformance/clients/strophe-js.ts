import { NS, parseXml } from '@tutti/xmpp';
import { $iq, $msg, $pres, Strophe } from 'strophe.js';
import type { Login, Participant } from './participant.ts';
import { Screen } from './screen.ts';
import { FetchXmlHttpRequest } from './xml-http-request.ts';

// It writes every step to the console otherwise.
Strophe.setLogLevel(Strophe.LogLevel.FATAL);

Object.assign(globalThis, { XMLHttpRequest: FetchXmlHttpRequest });

/** strophe.js over WebSocket, or over BOSH. */
export function createStropheJs(login: Login, transport: 'ws' | 'bosh' = 'ws'): Participant {
  const screen = new Screen(login.account);
  let connection: InstanceType<typeof Strophe.Connection> | undefined;
  const connected = (): NonNullable<typeof connection> => {
    if (connection === undefined) throw new Error('not connected');
    return connection;
  };
  const request = (iq: ReturnType<typeof $iq>): Promise<void> => {
    return new Promise((resolve, reject) => {
      const refuse = (answer: unknown): void => reject(new Error(`strophe.js was refused: ${String(answer)}`));
      connected().sendIQ(iq.tree(), () => resolve(), refuse, 10_000);
    });
  };
  return {
    screen,
    async join() {
      const url = transport === 'ws' ? 'ws://127.0.0.1:PORT/xmpp-websocket' : 'http://127.0.0.1:PORT/http-bind';
      connection = new Strophe.Connection(url.replace('PORT', String(login.http)));
      connection.rawInput = (text: string) => {
        if (text.startsWith('<message')) screen.take(text);
        else if (text.startsWith('<body'))
          for (const element of parseXml(text).elements) screen.take(element.toString());
      };
      await reach(connection, login, Strophe.Status.CONNECTED);
      await request($iq({ type: 'set' }).c('enable', { xmlns: login.mode === 'im-ng' ? NS.imNg : NS.carbons }));
      connection.send($pres().tree());
    },
    async say(to, body) {
      connected().send($msg({ to, type: 'chat' }).c('body').t(body).tree());
    },
    async catchUp(after) {
      const query = $iq({ type: 'set' })
        .c('query', { xmlns: NS.mam })
        .c('set', { xmlns: NS.rsm })
        .c('max')
        .t('100')
        .up();
      await request(after === undefined ? query : query.c('after').t(after));
    },
    async leave() {
      connected().disconnect('leaving');
      connection = undefined;
    },
  };
}

function reach(connection: InstanceType<typeof Strophe.Connection>, login: Login, wanted: number): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.connect(`${login.account}/${login.resource}`, login.password, (status: number) => {
      if (status === wanted) resolve();
      if (status === Strophe.Status.AUTHFAIL || status === Strophe.Status.CONNFAIL)
        reject(new Error(`strophe.js: status ${status}`));
    });
  });
}
