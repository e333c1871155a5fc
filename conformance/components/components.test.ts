import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Element, NS, xml } from '@tutti/xmpp';
import { afterEach, describe, expect, test } from 'vitest';
import { python, requirePeer } from '../peers.ts';
import { OwnServer, until } from '../server/own-server.ts';

const SCRIPT = fileURLToPath(new URL('echo_component.py', import.meta.url));
const DOMAIN = 'gateway.localhost';
const SECRET = 'a secret of some length';

interface Told {
  readonly name: string;
  readonly joined?: boolean;
  readonly failed?: boolean;
  readonly subscribed?: string;
  readonly sender?: string;
  readonly body?: string;
  readonly late?: boolean;
}

/** A component's process. */
class Component {
  readonly told: Told[] = [];
  readonly child: ChildProcess;

  constructor(name: string, port: number, secret = SECRET) {
    const options = { name, port, secret, domain: DOMAIN, host: '127.0.0.1' };
    this.child = spawn(python, [SCRIPT, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'ignore'] });
    createInterface({ input: this.child.stdout as NonNullable<ChildProcess['stdout']> }).on('line', (line) =>
      this.told.push(JSON.parse(line) as Told),
    );
  }

  get bodies(): readonly string[] {
    return this.told.flatMap(({ body }) => body ?? []);
  }

  async join(): Promise<this> {
    await until(() => this.told.some(({ joined }) => joined === true));
    return this;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}

describe.runIf(requirePeer('slixmpp', "XEP-0114 with slixmpp's ComponentXMPP"))(
  'XEP-0114 slixmpp as a component',
  () => {
    const running: Component[] = [];
    afterEach(async () => {
      for (const component of running.splice(0)) await component.kill();
    });
    const begin = (name: string, server: OwnServer, secret?: string): Component => {
      const component = new Component(name, server.port('components'), secret);
      running.push(component);
      return component;
    };
    const start = (): Promise<OwnServer> =>
      OwnServer.start(`components.domains."${DOMAIN}".secrets=["${SECRET}"]`, 'components.port=0');
    const chat = (body: string): Element =>
      xml('message', { to: `romeo@${DOMAIN}`, type: 'chat' }, xml('body', null, body));
    const bodyOf = (stanza: Element): string | undefined => stanza.child('body', NS.client)?.text();

    test('S1 D1 it hears a user, its answer comes to all her devices; discovery and subscription reach it', async () => {
      await using server = await start();
      await server.add('juliet');
      const [phone, laptop] = [await server.connect('juliet.phone'), await server.connect('juliet.laptop')];
      for (const device of [phone, laptop]) await device.ask('set', xml('enable', { xmlns: NS.imNg }));
      const echo = await begin('echo', server).join();
      phone.send(chat('hello'));
      for (const device of [phone, laptop]) {
        await device.receive((stanza) => bodyOf(stanza) === 'hello');
        await device.receive((stanza) => bodyOf(stanza) === 'echo heard: hello');
      }
      expect(echo.told.at(-1)).toMatchObject({ sender: phone.jid, body: 'hello', late: false });
      const info = await phone.ask('get', xml('query', { xmlns: NS.discoInfo }), DOMAIN);
      expect(info.child('query', NS.discoInfo)?.childrenNamed('identity').length).toBeGreaterThan(0);
      const items = await phone.ask('get', xml('query', { xmlns: NS.discoItems }), 'localhost');
      expect(items.child('query', NS.discoItems)?.elements.map(({ attrs }) => attrs['jid'])).toContain(DOMAIN);
      phone.send(xml('presence', { to: DOMAIN, type: 'subscribe' }));
      await until(() => echo.told.some(({ subscribed }) => subscribed === 'juliet@localhost'));
    });

    test('S7 what is sent while it is gone, and after kill -9, waits and comes in order', async () => {
      await using server = await start();
      await server.add('juliet');
      const phone = await server.connect('juliet.phone');
      phone.send(chat('before it came'));
      const first = await begin('first', server).join();
      await until(() => first.bodies.includes('before it came'));
      expect(first.told.at(-1)?.late).toBe(true);
      await first.kill();
      for (let n = 0; n < 20; n += 1) phone.send(chat(`message ${n}`));
      await phone.fence();
      const second = await begin('second', server).join();
      await until(() => second.bodies.length >= 20);
      expect(second.bodies).toEqual(Array.from({ length: 20 }, (_, n) => `message ${n}`));
    });

    test('two processes share the users; a wrong secret joins nothing', async () => {
      await using server = await start();
      const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
      await server.add(...names);
      const both = [await begin('one', server).join(), await begin('two', server).join()];
      const wrong = begin('wrong', server, 'not the secret');
      for (const name of names) {
        const device = await server.connect(`${name}.phone`);
        for (const body of ['1', '2', '3']) device.send(chat(`${name}${body}`));
      }
      await until(() => both.flatMap(({ bodies }) => bodies).length >= 3 * names.length);
      for (const name of names) {
        const of = both.map(({ bodies }) => bodies.filter((body) => body.startsWith(name)));
        expect(of.map(({ length }) => length).toSorted()).toEqual([0, 3]);
        expect(of.flat()).toEqual(['1', '2', '3'].map((body) => name + body));
      }
      expect(wrong.told.some(({ joined }) => joined === true)).toBe(false);
      const metrics = await server.metrics();
      expect(metrics.get('tutti_components')).toBe(2);
      expect(metrics.get('tutti_component_stanzas_sent_total{kind="message"}')).toBe(3 * names.length);
      expect(metrics.get('tutti_component_stanzas_received_total{kind="message"}')).toBeGreaterThan(0);
      expect(metrics.get('tutti_departures_total{how="sent"}')).toBe(3 * names.length);
    });
  },
);
