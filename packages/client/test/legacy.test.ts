import { NS, xml } from '@tutti/xmpp';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeer } from '../../../conformance/peers.ts';
import { startEjabberd } from '../../../conformance/targets/ejabberd.ts';
import { startProsody } from '../../../conformance/targets/prosody.ts';
import type { Target } from '../../../conformance/target.ts';
import { type Client, type ClientOptions, createClient, memoryStore } from '../src/index.ts';
import { readArchive } from './archive.ts';
import { Network } from './network.ts';
import { bodiesOf, type Ground, play, type PlayedDevice, step } from './play.ts';
import { hastyClock, textsOf, until } from './world.ts';

const SERVERS = [
  { name: 'Prosody', peer: 'prosody', start: startProsody },
  { name: 'ejabberd', peer: 'ejabberd', start: startEjabberd },
] as const;

/** How often the messages of one moment are sent. */
const RUNS = Number(process.env['TUTTI_RUNS'] ?? 5);

describe.each(SERVERS)('a client on $name, without IM-NG', ({ name, peer, start }) => {
  describe.runIf(requirePeer(peer, `a client on ${name}, without IM-NG`))('one timeline', { timeout: 120_000 }, () => {
    let server: Target;
    let network: Network;
    const clients: Client[] = [];

    beforeAll(async () => {
      server = await start();
      network = await Network.to(server.address('ws').port);
    }, 120_000);
    afterAll(async () => {
      await Promise.all(clients.map((client) => client.stop()));
      await network.close();
      await server.stop();
    });

    const service = (port = server.address('ws').port): string => `ws://127.0.0.1:${port}/xmpp-websocket`;

    function makeClient(username: string, options: Partial<ClientOptions>, port: number): Client {
      const client = createClient({
        service: service(port),
        domain: server.domain,
        username,
        password: 'secret',
        clock: hastyClock,
        ...options,
        limits: { answerMs: 1_000_000, ...options.limits },
      });
      clients.push(client);
      return client;
    }

    async function online(
      jid: string,
      options: Partial<ClientOptions> = {},
      port = server.address('ws').port,
    ): Promise<Client> {
      const client = makeClient(jid.split('@')[0] ?? '', options, port);
      await client.start();
      return client;
    }

    /** The texts of a conversation of somebody's as the archive has them: a new device reads it. */
    async function readAnew(jid: string, peer: string): Promise<string[]> {
      const reader = await online(jid);
      return textsOf(reader, peer);
    }

    it('says so, and the same calls give the same timeline: own messages, those of siblings, and those of others', async () => {
      const [alice, bob] = [await server.account('alice'), await server.account('bob')];
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
      const archived = await readAnew(alice.jid, bob.jid);
      expect(archived).toHaveLength(9);
      for (const device of [phone, desk]) expect(textsOf(device, bob.jid)).toEqual(archived);
      expect(textsOf(his, alice.jid)).toEqual(await readAnew(bob.jid, alice.jid));
      expect(phone.conversation(bob.jid).messages[0]).toMatchObject({ id, state: 'archived' });
    });

    it('K5: what all devices say in one moment is on every device as the archive has it, once', {
      timeout: RUNS * 60_000,
    }, async () => {
      for (let run = 0; run < RUNS; run += 1) {
        const [alice, bob] = [await server.account('alice'), await server.account('bob')];
        const devices = await Promise.all(
          [alice.jid, alice.jid, alice.jid, bob.jid, bob.jid].map((jid) => online(jid)),
        );
        const peerOf = ({ account }: Client): string => (account === alice.jid ? bob.jid : alice.jid);
        const told = devices.map((device) => {
          const ids: (string | undefined)[] = [];
          device.on('message', ({ id }, _, __, before) => {
            const at = before === undefined ? -1 : ids.indexOf(before.id);
            ids.splice(at === -1 ? ids.length : at, 0, id);
          });
          return ids;
        });
        const saying = devices.flatMap((device, index) =>
          [1, 2, 3].map((n) => device.conversation(peerOf(device)).send(`${index}.${n}`)),
        );
        await Promise.all(saying);
        await until(
          () => devices.every((device) => textsOf(device, peerOf(device)).length >= saying.length),
          () => devices.map((device) => textsOf(device, peerOf(device)).join()).join(' | '),
        );
        for (const jid of [alice.jid, bob.jid]) {
          const archived = await readArchive(service(), jid.split('@')[0] ?? '');
          expect(archived).toHaveLength(saying.length);
          for (const [index, device] of devices.entries()) {
            if (device.account !== jid) continue;
            const ids = device.conversation(peerOf(device)).messages.map(({ id }) => id);
            expect(ids).toEqual(archived.map(({ id }) => id));
            expect(told[index]).toEqual(ids);
          }
        }
        await Promise.all(devices.map((device) => device.stop()));
      }
    });

    it('K5 K6: the timeline is that of the archive on every device, whatever happens to them', {
      timeout: RUNS * 60_000,
    }, async () => {
      const networks: Network[] = [];
      const ground: Ground = {
        network: async () => {
          networks.push(await Network.to(server.address('ws').port));
          return networks.at(-1) ?? network;
        },
        device: (username, options, port) => makeClient(username, options, port),
      };
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 20 }), async (steps) => {
          const jids = [await server.account('alice'), await server.account('bob')];
          const [alice = '', bob = ''] = jids.map(({ jid }) => jid.split('@')[0] ?? '');
          const [devices, sent] = await play(ground, steps, [alice, bob]);
          const idsOf = ({ client, peer: to }: PlayedDevice): string[] =>
            client.conversation(to).entries.map(({ id }) => id);
          await until(
            () => devices.every((device) => new Set(bodiesOf(device)).size >= sent.length),
            () => devices.map((device) => `${device.client.status} ${bodiesOf(device).join(', ')}`).join(' | '),
          );
          for (const username of [alice, bob]) {
            // A server without IM-NG does not know a message again that was repeated (S8); the archive then has it twice.
            const archived = await readArchive(service(), username);
            expect(new Set(archived.map(({ message }) => message.child('body')?.text()))).toEqual(new Set(sent));
            const theirs = devices.filter((device) => device.username === username);
            await until(
              () => theirs.every((device) => idsOf(device).length >= archived.length),
              () => theirs.map((device) => idsOf(device).join()).join(' | '),
            );
            for (const device of theirs) {
              expect(idsOf(device)).toEqual(archived.map(({ id }) => id));
              expect(device.told).toEqual(idsOf(device));
            }
          }
          await Promise.all(devices.map(({ client }) => client.stop()));
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
      await Promise.all(networks.map((one) => one.close()));
    });

    it('K5 K6: a message sent while the answer is lost, and what was missed, are there once', async () => {
      const [alice, bob] = [await server.account('alice'), await server.account('bob')];
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
      const alice = await server.account('alice');
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
      const alice = await server.account('alice');
      const phone = await online(alice.jid, { limits: { archiveAttempts: 2 } });
      await phone.request(
        xml('iq', { type: 'set' }, xml('prefs', { xmlns: NS.mamPrefs, default: 'never' }, xml('always'), xml('never'))),
      );
      await expect(phone.conversation(alice.jid).send('unkept')).rejects.toMatchObject({ condition: 'not-archived' });
    });
  });
});
