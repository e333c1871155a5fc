import { NS, xml } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeer } from '../../../conformance/peers.ts';
import { startProsody } from '../../../conformance/targets/prosody.ts';
import type { Target } from '../../../conformance/target.ts';
import { type Client, type ClientOptions, createClient, memoryStore } from '../src/index.ts';
import { Network } from './network.ts';
import { hastyClock, textsOf, until } from './world.ts';

describe.runIf(requirePeer('prosody', 'a client on a server without IM-NG'))(
  'a client on Prosody, without IM-NG',
  { timeout: 120_000 },
  () => {
    let prosody: Target;
    let network: Network;
    const clients: Client[] = [];

    beforeAll(async () => {
      prosody = await startProsody();
      network = await Network.to(prosody.address('ws').port);
    }, 30_000);
    afterAll(async () => {
      await Promise.all(clients.map((client) => client.stop()));
      await network.close();
      await prosody.stop();
    });

    async function online(
      jid: string,
      options: Partial<ClientOptions> = {},
      port = prosody.address('ws').port,
    ): Promise<Client> {
      const client = createClient({
        service: `ws://127.0.0.1:${port}/xmpp-websocket`,
        domain: prosody.domain,
        username: jid.split('@')[0] ?? '',
        password: 'secret',
        clock: hastyClock,
        ...options,
        limits: { answerMs: 1_000_000, ...options.limits },
      });
      clients.push(client);
      await client.start();
      return client;
    }

    /** The texts of a conversation of somebody's as the archive has them: a new device reads it. */
    async function readArchive(jid: string, peer: string): Promise<string[]> {
      const reader = await online(jid);
      return textsOf(reader, peer);
    }

    it('says so, and the same calls give the same timeline: own messages, those of siblings, and those of others', async () => {
      const [alice, bob] = [await prosody.account('alice'), await prosody.account('bob')];
      const [phone, desk, his] = [await online(alice.jid), await online(alice.jid), await online(bob.jid)];
      expect(phone.mode).toBe('legacy');
      const id = await phone.conversation(bob.jid).send('Dinner?');
      await his.conversation(alice.jid).send('Gladly');
      await desk.conversation(bob.jid).send('At eight');
      await Promise.all([1, 2, 3].map((n) => phone.conversation(bob.jid).send(`phone ${n}`)));
      await Promise.all([1, 2, 3].map((n) => his.conversation(alice.jid).send(`bob ${n}`)));
      const lengths = (): number[] => [
        ...[phone, desk].map((device) => textsOf(device, bob.jid).length),
        textsOf(his, alice.jid).length,
      ];
      await until(
        () => lengths().every((length) => length === 9),
        () => lengths().join(),
      );
      const archived = await readArchive(alice.jid, bob.jid);
      expect(archived).toHaveLength(9);
      for (const device of [phone, desk]) expect(textsOf(device, bob.jid)).toEqual(archived);
      expect(textsOf(his, alice.jid)).toEqual(await readArchive(bob.jid, alice.jid));
      expect(phone.conversation(bob.jid).messages[0]).toMatchObject({ id, state: 'archived' });
    });

    it('K5 K6: a message sent while the answer is lost, and what was missed, are there once', async () => {
      const [alice, bob] = [await prosody.account('alice'), await prosody.account('bob')];
      const store = memoryStore();
      const phone = await online(alice.jid, { store }, network.port);
      const his = await online(bob.jid);
      network.deafen();
      const sending = phone.conversation(bob.jid).send('Do you hear me?');
      await until(
        () => textsOf(his, alice.jid).length === 1,
        () => 'it arrived',
      );
      await his.conversation(alice.jid).send('Yes');
      network.cut();
      await sending;
      await until(
        () => textsOf(phone, bob.jid).length === 2,
        () => JSON.stringify(textsOf(phone, bob.jid)),
      );
      await phone.stop();
      await his.conversation(alice.jid).send('Where are you?');

      const later = await online(alice.jid, { store });
      expect(textsOf(later, bob.jid)).toEqual(['> Do you hear me?', '< Yes', '< Where are you?']);
      expect(textsOf(his, alice.jid)).toEqual(['< Do you hear me?', '> Yes', '> Where are you?']);
    });

    it('C4: an error is found at its message', async () => {
      const alice = await prosody.account('alice');
      const phone = await online(alice.jid);
      const chat = phone.conversation('nobody@localhost');
      void chat.send('Anybody?');
      await until(
        () => chat.messages[0]?.state === 'failed',
        () => JSON.stringify(chat.messages),
      );
      expect(chat.messages[0]?.failure?.condition).toBe('service-unavailable');
    });

    it('A8: what the server does not archive is said to have failed, and does not wait for ever', async () => {
      const alice = await prosody.account('alice');
      const phone = await online(alice.jid, { limits: { archiveAttempts: 2 } });
      await phone.request(
        xml('iq', { type: 'set' }, xml('prefs', { xmlns: NS.mamPrefs, default: 'never' }, xml('always'), xml('never'))),
      );
      await expect(phone.conversation(alice.jid).send('unkept')).rejects.toMatchObject({ condition: 'not-archived' });
    });
  },
);
