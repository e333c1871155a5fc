import { NS } from '@tutti/xmpp';
import { type Agent, createClient } from 'stanza';
import type { Login, Participant } from './participant.ts';
import { Screen } from './screen.ts';

/** stanza.js over WebSocket; IM-NG is taught to it by one definition. */
export function createStanzaJs(login: Login): Participant {
  const screen = new Screen(login.account);
  let agent: Agent | undefined;
  const connected = (): Agent => {
    if (agent === undefined) throw new Error('not connected');
    return agent;
  };
  return {
    screen,
    async join() {
      agent = createClient({
        jid: `${login.account}/${login.resource}`,
        resource: login.resource,
        password: login.password,
        transports: { websocket: `ws://127.0.0.1:${login.http}/xmpp-websocket`, bosh: false },
        autoReconnect: false,
      });
      agent.stanzas.define({ element: 'enable', namespace: NS.imNg, path: 'iq.imNg', fields: {} });
      agent.on('raw:incoming', (text) => {
        if (text.startsWith('<message')) screen.take(text);
      });
      const started = Promise.withResolvers<void>();
      agent.once('session:started', () => started.resolve());
      agent.once('auth:failed', () => started.reject(new Error('stanza.js could not log in')));
      agent.connect();
      await started.promise;
      if (login.mode === 'im-ng') await agent.sendIQ({ type: 'set', imNg: {} } as Parameters<Agent['sendIQ']>[0]);
      else await agent.enableCarbons();
      agent.sendPresence();
    },
    async say(to, body) {
      connected().sendMessage({ to, type: 'chat', body });
    },
    async catchUp(after) {
      await connected().searchHistory({ paging: { max: 100, ...(after === undefined ? {} : { after }) } });
    },
    async leave() {
      const leaving = connected();
      const left = new Promise<void>((resolve) => leaving.once('disconnected', () => resolve()));
      leaving.disconnect();
      await left;
      agent = undefined;
    },
  };
}
