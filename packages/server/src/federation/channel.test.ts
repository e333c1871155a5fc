import { type Element, NS, xml } from '@tutti/xmpp';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { FakeRandom } from '../../test/fake-random.ts';
import { MemoryTransport } from '../../test/stream/memory-transport.ts';
import { loadConfig } from '../config/load.ts';
import { noMetrics } from '../observe/metrics.ts';
import { Channel } from './channel.ts';
import type { FederationEnvironment } from './environment.ts';
import type { LinkFailure } from './failure.ts';
import { isStanza, PeerStream } from './peer-stream.ts';
import { ServerTls } from './tls.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };
const HEADER = `<stream:stream xmlns='jabber:server' xmlns:stream='${NS.stream}' version='1.0'>`;
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let clock: FakeClock;
let transport: MemoryTransport;
let channel: Channel;
/** Stanzas that came, and how to be done with them. */
let received: { readonly id: string | undefined; readonly done: () => void }[];
/** What became of what was sent. */
let outcomes: string[];
let route: (stanza: Element, done: () => void) => Promise<void> | undefined;

function begin(...settings: string[]): void {
  clock = new FakeClock();
  transport = new MemoryTransport();
  received = [];
  outcomes = [];
  route = (stanza, done) => {
    received.push({ id: stanza.attrs['id'], done });
    return undefined;
  };
  const { config } = loadConfig({ cwd: '/', settings, environment: {} });
  const env: FederationEnvironment = {
    clock,
    random: new FakeRandom(),
    logger: SILENT,
    metrics: noMetrics,
    tls: new ServerTls({ pemFor: () => undefined }, () => ({ minVersion: '1.2', ca: '', timeout: 1000 })),
    secret: new Uint8Array(32),
    config: () => config,
    isLocalDomain: () => true,
  };
  const stream: PeerStream = new PeerStream(transport, env, {
    opened: () => undefined,
    received: (element) => {
      if (isStanza(element)) return channel.receive(element);
      channel.receiveManagement(element);
    },
    drained: () => channel.drained(),
    closed: (failure: LinkFailure) => channel.closed(failure),
  });
  channel = new Channel(stream, env, (stanza, done) => route(stanza, done));
  channel.begin();
  transport.receive(HEADER);
}

function send(...ids: string[]): void {
  for (const id of ids) {
    channel.send(xml('message', { id, from: 'a@us.example', to: 'b@them.example' }, xml('body', null, id)), (failure) =>
      outcomes.push(failure === undefined ? `${id} sent` : `${id} ${failure.condition}`),
    );
  }
}

const stanza = (id: string): string => `<message id='${id}' from='b@them.example' to='a@us.example'/>`;
const take = (): string => transport.take().join('');

beforeEach(() => begin());

describe('without XEP-0198', () => {
  it('a stanza is settled when the system has taken it', async () => {
    send('1', '2');
    expect(take()).toBe(
      "<message id='1' from='a@us.example' to='b@them.example'><body>1</body></message>" +
        "<message id='2' from='a@us.example' to='b@them.example'><body>2</body></message>",
    );
    await tick();
    expect(outcomes).toEqual([]);
    transport.handler.drained();
    expect(outcomes).toEqual(['1 sent', '2 sent']);
    expect(channel.unsettledBytes).toBe(0);
  });

  it('ack_timeout: who does not take it is cut', async () => {
    begin('s2s.ack_timeout=10');
    send('1');
    clock.advance(9999);
    expect(transport.ended).toBe(false);
    clock.advance(1);
    await tick();
    expect(transport.ended).toBe(true);
    expect(outcomes).toEqual(['1 remote-server-timeout']);
  });

  it('ack_timeout=0: it may take as long as it likes', () => {
    begin('s2s.ack_timeout=0', 's2s.idle_timeout=0');
    send('1');
    clock.advance(86_400_000);
    expect(transport.ended).toBe(false);
  });
});

describe('XEP-0478 §3.1 a server that takes no more than so many bytes', () => {
  it('gets a stanza of that size; a larger one fails for good, and nothing else does', async () => {
    send('1');
    channel.maxBytes = take().length;
    send('1', '22', '3');
    expect(take().match(/<message /g)).toHaveLength(2);
    await tick();
    expect(outcomes).toEqual(['22 policy-violation']);
    transport.handler.drained();
    expect(outcomes).toEqual(['22 policy-violation', '1 sent', '1 sent', '3 sent']);
  });
});

describe('XEP-0198 §4 what we send', () => {
  beforeEach(() => {
    channel.enable();
    take();
  });

  it('is settled when it is acknowledged, in order, and asked about once a turn', async () => {
    send('1', '2', '3');
    await tick();
    expect(take().match(/<r /g)).toHaveLength(1);
    transport.receive("<a xmlns='urn:xmpp:sm:3' h='2'/>");
    expect(outcomes).toEqual(['1 sent', '2 sent']);
    await tick();
    expect(take()).toBe("<r xmlns='urn:xmpp:sm:3'/>");
    transport.receive("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    expect(outcomes).toEqual(['1 sent', '2 sent', '3 sent']);
    await tick();
    expect(take()).toBe('');
  });

  it('fails, in order, when the connection is lost: it may have arrived', async () => {
    send('1', '2');
    await tick();
    transport.receive("<a xmlns='urn:xmpp:sm:3' h='1'/>");
    transport.cut();
    await tick();
    expect(outcomes).toEqual(['1 sent', '2 remote-server-timeout']);
    send('3');
    expect(outcomes).toHaveLength(2);
    await tick();
    expect(outcomes.at(-1)).toBe('3 remote-server-timeout');
  });

  it.each(['', 'x', '-1', '4294967296'])('h="%s" is no count', async (h) => {
    send('1');
    transport.receive(`<a xmlns='urn:xmpp:sm:3' h='${h}'/>`);
    expect(take()).toContain('<bad-format');
    await tick();
    expect(outcomes).toEqual(['1 remote-server-timeout']);
  });

  it('counts as sent where the other side does not want it after all', async () => {
    send('1');
    transport.receive("<failed xmlns='urn:xmpp:sm:3'/>");
    expect(outcomes).toEqual(['1 sent']);
    await tick();
    expect(take()).not.toContain('<r ');
  });

  it('ack_timeout: who does not acknowledge is cut, at the edge', async () => {
    begin('s2s.ack_timeout=10');
    channel.enable();
    send('1');
    await tick();
    clock.advance(9999);
    expect(transport.ended).toBe(false);
    clock.advance(1);
    await tick();
    expect(outcomes).toEqual(['1 remote-server-timeout']);
  });
});

describe('XEP-0198 §4 what comes', () => {
  beforeEach(() => {
    transport.receive("<enable xmlns='urn:xmpp:sm:3'/>");
  });

  it('§3 is managed when the other side asks', () => {
    expect(take()).toBe("<enabled xmlns='urn:xmpp:sm:3'/>");
  });

  it('A3 is acknowledged when it and all before it are done with, and not before', () => {
    take();
    transport.receive(`${stanza('1')}${stanza('2')}<r xmlns='urn:xmpp:sm:3'/>`);
    expect(received.map(({ id }) => id)).toEqual(['1', '2']);
    expect(take()).toBe('');
    received[1]?.done();
    expect(take()).toBe('');
    received[0]?.done();
    expect(take()).toBe("<a xmlns='urn:xmpp:sm:3' h='2'/>");
  });

  it('§3 is managed once', () => {
    transport.receive("<enable xmlns='urn:xmpp:sm:3'/>");
    expect(take()).toContain('<unexpected-request');
  });

  it('what came before is not counted', () => {
    begin();
    transport.receive(`${stanza('0')}<enable xmlns='urn:xmpp:sm:3'/>${stanza('1')}<r xmlns='urn:xmpp:sm:3'/>`);
    for (const { done } of received) done();
    expect(take()).toContain("<a xmlns='urn:xmpp:sm:3' h='1'/>");
  });
});

describe('a stanza that comes', () => {
  it('is in jabber:client, with everything in it', () => {
    let seen: Element | undefined;
    route = (element) => {
      seen = element;
      return undefined;
    };
    transport.receive(
      "<message from='b@them.example' to='a@us.example'><body>x</body><x xmlns='jabber:x:oob'/></message>",
    );
    expect(seen?.toString()).toBe(
      "<message xmlns='jabber:client' from='b@them.example' to='a@us.example'><body>x</body><x xmlns='jabber:x:oob'/></message>",
    );
    expect(seen?.child('body')?.text()).toBe('x');
  });

  it('RFC 6120 §10.1 waits for the one before it', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    route = (element, done) => {
      received.push({ id: element.attrs['id'], done });
      return element.attrs['id'] === '1' ? promise : undefined;
    };
    transport.receive(stanza('1') + stanza('2'));
    await tick();
    expect(received.map(({ id }) => id)).toEqual(['1']);
    expect(transport.paused).toBe(true);
    resolve();
    await tick();
    expect(received.map(({ id }) => id)).toEqual(['1', '2']);
    expect(transport.paused).toBe(false);
  });

  it('stanzas_burst, stanzas_per_second: is read at that rate, at the edge', async () => {
    begin('s2s.stanzas_burst=2', 's2s.stanzas_per_second=10');
    transport.receive(stanza('1') + stanza('2') + stanza('3') + stanza('4'));
    await tick();
    expect(received).toHaveLength(2);
    clock.advance(99);
    await tick();
    expect(received).toHaveLength(2);
    clock.advance(1);
    await tick();
    expect(received).toHaveLength(3);
  });

  it('stanzas_per_second=0: at once', async () => {
    begin('s2s.stanzas_burst=2', 's2s.stanzas_per_second=0');
    transport.receive(Array.from({ length: 60 }, (_, i) => stanza(String(i))).join(''));
    await tick();
    expect(received).toHaveLength(60);
  });

  it('bytes_burst, bytes_per_second: is read at that rate, at the edge', () => {
    begin('s2s.bytes_burst=1000', 's2s.bytes_per_second=100', 's2s.idle_timeout=0');
    const rest = 999 - HEADER.length;
    transport.receive(' '.repeat(rest));
    expect(transport.paused).toBe(false);
    transport.receive(' ');
    expect(transport.paused).toBe(true);
    clock.advance(9);
    expect(transport.paused).toBe(true);
    clock.advance(1);
    expect(transport.paused).toBe(false);
  });

  it('waits when too many are on their way to the log', async () => {
    transport.receive(Array.from({ length: 70 }, (_, i) => stanza(String(i))).join(''));
    await tick();
    expect(received).toHaveLength(64);
    expect(transport.paused).toBe(true);
    received[0]?.done();
    await tick();
    expect(received).toHaveLength(65);
  });
});

describe('a connection without stanzas', () => {
  it('idle_timeout: is closed, at the edge; a stanza keeps it', () => {
    begin('s2s.idle_timeout=10', 's2s.ack_timeout=0');
    clock.advance(5000);
    transport.receive(stanza('1'));
    received[0]?.done();
    clock.advance(14_999);
    expect(take()).toBe('');
    clock.advance(5001);
    expect(take()).toMatch(/<\/stream:stream>$/);
  });

  it('RFC 6120 §4.4 still takes what was under way when it was closed, and says nothing any more', () => {
    begin('s2s.idle_timeout=10', 's2s.ack_timeout=0');
    clock.advance(10_000);
    expect(take()).toMatch(/<\/stream:stream>$/);
    transport.receive(stanza('late'));
    expect(received.map(({ id }) => id)).toEqual(['late']);
    received[0]?.done();
    expect(take()).toBe('');
    transport.receive('</stream:stream>');
    expect(transport.ended).toBe(true);
  });

  it('XEP-0198 does not take what it could not acknowledge any more: it comes again', () => {
    begin('s2s.idle_timeout=10', 's2s.ack_timeout=0');
    transport.receive("<enable xmlns='urn:xmpp:sm:3'/>");
    clock.advance(10_000);
    transport.receive(`${stanza('late')}<r xmlns='urn:xmpp:sm:3'/>`);
    expect(received).toEqual([]);
    expect(take()).toMatch(/<\/stream:stream>$/);
  });

  it('stays while something is not settled', () => {
    begin('s2s.idle_timeout=10', 's2s.ack_timeout=0');
    channel.enable();
    send('1');
    take();
    clock.advance(60_000);
    expect(take()).not.toContain('</stream:stream>');
  });
});
