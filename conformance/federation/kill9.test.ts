import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NS, xml } from '@tutti/xmpp';
import { describe, expect, test } from 'vitest';
import { Device } from '../client/device.ts';
import { requirePeer } from '../peers.ts';
import { until } from '../server/own-server.ts';
import { launchTutti, type Running } from '../targets/launch.ts';
import { Authority } from './rig/authority.ts';
import { DnsServer } from './rig/dns-server.ts';
import type { Ground, Program } from './rig/peer.ts';
import { startProsody } from './rig/prosody.ts';

const US = 'kill.us.example';
const THEM = 'kill.them.example';
const MESSAGES = 1000;

/** Tutti in a process of its own, that can be killed and comes back with its data. */
class Mortal implements AsyncDisposable {
  readonly #data = mkdtempSync(join(tmpdir(), 'tutti-mortal-'));
  readonly #ground: Ground;
  readonly #settings: readonly string[];
  #running: Running | undefined;

  constructor(ground: Ground) {
    this.#ground = ground;
    const { cert, key } = ground.authority.issue({ dns: [US] });
    this.#settings = [
      `domains=${US}`,
      'http.enabled=false',
      'c2s.require_tls=false',
      'c2s_tls.enabled=false',
      's2s.enabled=true',
      's2s.port=0',
      's2s_tls.enabled=false',
      `s2s.ca=${ground.authority.file}`,
      `s2s.dns_servers=${ground.dns.address}`,
      's2s.local_addresses=true',
      's2s.retry_pause=0',
      `tls.cert=${cert}`,
      `tls.key=${key}`,
      'outbox.retry_first=200 ms',
      'outbox.retry_longest=1 second',
      'log.level=warn',
    ];
  }

  async start(): Promise<void> {
    this.#running = await launchTutti({ data: this.#data, settings: this.#settings });
    this.#ground.dns.announce(US, { plain: this.#running.port('s2s') });
  }

  async kill(): Promise<void> {
    await this.#running?.end('SIGKILL');
  }

  add(jid: string): Promise<void> {
    return (this.#running as Running).add(jid, 'secret');
  }

  connect(jid: string): Promise<Device> {
    const port = (this.#running as Running).port('c2s');
    const address = { transport: 'tcp', host: '127.0.0.1', port, tls: 'none', domain: US } as const;
    return Device.connect('juliet.phone', address, { jid, password: 'secret' }, 'phone');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.end('SIGTERM');
    rmSync(this.#data, { recursive: true, force: true });
  }
}

/** An IM-NG client that sends numbers, and repeats those that it has seen no reflection of (K6). */
class Sender {
  readonly #server: Mortal;
  readonly #jid: string;
  readonly #to: string;
  readonly #reflected = new Set<number>();
  #device: Device | undefined;
  #next = 0;

  constructor(server: Mortal, jid: string, to: string) {
    this.#server = server;
    this.#jid = jid;
    this.#to = to;
  }

  get reflected(): number {
    this.#read();
    return this.#reflected.size;
  }

  /** Connects, and repeats. */
  async join(): Promise<void> {
    const device = await this.#server.connect(this.#jid);
    await device.enableImNg();
    this.#device = device;
    for (let n = 0; n < this.#next; n += 1) if (!this.#reflected.has(n)) this.#say(n);
  }

  /** Sends the next numbers, 20 at a time. */
  async send(upTo: number, holds: () => boolean = () => true): Promise<void> {
    while (this.#next < upTo && holds()) {
      for (let n = 0; n < 20 && this.#next < upTo; n += 1) this.#say(this.#next++);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  lose(): void {
    this.#read();
    this.#device?.cut();
  }

  close(): Promise<void> | undefined {
    return this.#device?.close();
  }

  #say(n: number): void {
    const origin = xml('origin-id', { xmlns: NS.sid, id: `n-${n}` });
    this.#device?.send(
      xml('message', { to: this.#to, id: `n-${n}`, type: 'chat' }, xml('body', null, `number ${n}`), origin),
    );
  }

  #read(): void {
    for (const stanza of this.#device?.news() ?? []) {
      const [, digits] = /^n-(\d+)$/.exec(stanza.attrs['id'] ?? '') ?? [];
      if (digits !== undefined && stanza.attrs['type'] !== 'error') this.#reflected.add(Number(digits));
    }
  }
}

/** Everything in an archive, page by page. */
async function readAll(device: Device): Promise<{ number: number; late: boolean }[]> {
  const found: { number: number; late: boolean }[] = [];
  for (let after: string | undefined; ; ) {
    const page = await device.archive({ rsm: { max: 250, ...(after === undefined ? {} : { after }) } });
    for (const { stanza } of page.rows) {
      const [, digits] = /^n-(\d+)$/.exec(stanza.attrs['id'] ?? '') ?? [];
      if (digits !== undefined)
        found.push({ number: Number(digits), late: stanza.child('delay', NS.delay) !== undefined });
    }
    after = page.last;
    if (page.complete || after === undefined) return found;
  }
}

const here = requirePeer('openssl', 'kill -9 between servers') && requirePeer('prosody', 'kill -9 between servers');
describe.runIf(here && requirePeer('lua-unbound', 'kill -9 between servers'))('kill -9 between servers', () => {
  test('S7 1,000 messages to Prosody, Tutti killed twice and Prosody once: none is lost, those that are there twice say so', async () => {
    using dns = await DnsServer.start();
    using authority = new Authority();
    const ground = { dns, authority };
    await using prosody: Program = await startProsody(ground, { [THEM]: 'starttls' }, ['mam']);
    await using tutti = new Mortal(ground);
    await tutti.start();
    const romeo = await prosody.join(THEM, 'romeo');
    const { account } = romeo;
    await romeo.close();
    const juliet = `juliet@${US}`;
    await tutti.add(juliet);
    const sender = new Sender(tutti, juliet, account.jid);
    const killTutti = async (): Promise<void> => {
      await tutti.kill();
      sender.lose();
      await tutti.start();
      await sender.join();
    };

    await sender.join();
    await sender.send(250, () => sender.reflected < 120);
    await killTutti();
    await sender.send(450);
    await until(() => sender.reflected >= 350);
    await prosody.kill();
    await sender.send(700);
    await until(() => sender.reflected >= 650);
    await prosody.restart();
    await sender.send(850);
    await killTutti();
    await sender.send(MESSAGES);
    await until(() => sender.reflected === MESSAGES, 20_000);

    const reader = await prosody.enter(account);
    let found: { number: number; late: boolean }[] = [];
    await until(async () => {
      found = await readAll(reader);
      return new Set(found.map(({ number }) => number)).size === MESSAGES;
    }, 30_000).catch(() => undefined);
    const firsts = found.filter(({ number }, index) => found.findIndex((one) => one.number === number) === index);
    const doubles = found.filter((one) => !firsts.includes(one));
    console.log(
      `kill -9 between servers: ${MESSAGES} messages, ${firsts.length} there, ${doubles.length} of them twice`,
    );
    expect(firsts.map(({ number }) => number)).toEqual(Array.from({ length: MESSAGES }, (_, n) => n));
    expect(doubles.filter(({ late }) => !late)).toEqual([]);
    await reader.close();
    await sender.close();
  }, 120_000);
});
