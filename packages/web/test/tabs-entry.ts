/** What runs in a tab to test that tabs take turns: the client, over the one store of this browser, whenever it is this tab's turn. */
import { type Client, createClient } from '@tutti/client';
import { indexedDbStore } from '@tutti/client/indexeddb';
import { Tab } from '@tutti/client/tab';

interface Account {
  readonly username: string;
  readonly deviceId: string;
  readonly peer: string;
}

/** What the test asks of a tab. */
export interface TestedTab {
  /** Gives whether it was this tab's turn, and the message was taken. */
  send(text: string): boolean;
  /** The user wants to go on here. */
  insist(): void;
  /** Ids and texts of the archived messages, and how many are on their way; undefined when it is not this tab's turn. */
  read(): { readonly archived: readonly (readonly [string, string])[]; readonly sending: number } | undefined;
  status(): string;
}

/** Why clients ended, if they did not end with their turn. */
const failures: string[] = [];

function startTab({ username, deviceId, peer }: Account): TestedTab {
  let client: Client | undefined;
  const tab = new Tab(username, {
    begin: () => {
      client = createClient({
        service: `ws://${location.host}/xmpp-websocket`,
        domain: 'localhost',
        username,
        password: 'secret',
        deviceId,
        store: indexedDbStore(`tabs.${username}`),
        reconnect: { firstMs: 20, maxMs: 100 },
        limits: { pageSize: 3, closeMs: 200 },
      });
      const started = client;
      started.on('error', (error) => {
        if (started.status === 'offline') failures.push(String(error));
      });
      // What comes of it shows in the status.
      started.start().catch(() => undefined);
    },
    end: async () => {
      const ending = client;
      client = undefined;
      await ending?.stop();
    },
    isBusy: () => false,
  });
  return {
    send: (text) => {
      if (client === undefined || client.status === 'offline') return false;
      void client
        .conversation(peer)
        .send(text)
        .catch(() => undefined);
      return true;
    },
    insist: () => tab.ask(true),
    read: () => {
      if (client?.status !== 'online') return undefined;
      const { messages } = client.conversation(peer);
      const archived = messages.filter(({ state }) => state === 'archived');
      return {
        archived: archived.map(({ id, body }) => [id ?? '', body] as const),
        sending: messages.length - archived.length,
      };
    },
    status: () => [client?.status ?? 'another tab', ...failures].join(),
  };
}

Object.assign(globalThis, { startTab });
