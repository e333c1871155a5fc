import { type Element, NS, parseXml, xml } from '@tutti/xmpp';
import { describe, expect, test } from 'vitest';
import { FakeLink, noSuchServer } from '../../test/fake-link.ts';
import { FakeTransport } from '../../test/fake-transport.ts';
import { createWorld, type World } from '../../test/world.ts';
import { noMetrics } from '../observe/metrics.ts';
import { Components } from './components.ts';
import { makeHandshake } from './handshake.ts';

const GATEWAY = 'gateway.localhost';
const SECRET = 'a-long-secret';
const OTHER = 'another-secret';

async function stage(settings: readonly string[] = []) {
  const world = await createWorld({
    settings: [`components.domains."${GATEWAY}".secrets=["${SECRET}","${OTHER}"]`, ...settings],
  });
  const { core, clock } = world;
  const { random, logger } = core.options;
  const env = { clock, random, logger, metrics: noMetrics, config: () => core.config };
  const components = new Components(
    env,
    (stanza, done) => core.router.fromOutside(stanza, done, 'component'),
    (domain) => core.departures.retry(domain),
  );
  core.links.component = components;
  return { world, components };
}

/** A component's process. */
class Gateway {
  readonly transport = new FakeTransport();
  readonly #world: World;

  constructor(world: World, components: Components) {
    this.#world = world;
    components.accept(this.transport);
  }

  open(to = GATEWAY, ns: string = NS.component): string {
    this.transport.receive(`<stream:stream xmlns='${ns}' xmlns:stream='${NS.stream}' to='${to}'>`);
    return / id='([^']*)'/.exec(this.transport.text())?.[1] ?? '';
  }

  login(secret = SECRET): void {
    const id = this.open();
    this.transport.take();
    this.transport.receive(`<handshake>${makeHandshake(id, secret)}</handshake>`);
  }

  async send(text: string): Promise<void> {
    this.transport.receive(text);
    await this.#world.settle();
  }

  /** The stanzas that came since the last call. */
  take(): Element[] {
    const text = this.transport.take().replace('</stream:stream>', '');
    return parseXml(`<all xmlns='${NS.component}' xmlns:stream='${NS.stream}'>${text}</all>`).elements.slice();
  }
}

async function join(world: World, components: Components): Promise<Gateway> {
  const gateway = new Gateway(world, components);
  gateway.login();
  await world.settle();
  gateway.take();
  return gateway;
}

describe('XEP-0114 §3 the handshake', () => {
  test.each([SECRET, OTHER])('with any of its secrets: %s', async (secret) => {
    const { world, components } = await stage();
    const gateway = new Gateway(world, components);
    const id = gateway.open();
    expect(id).toHaveLength(22);
    expect(gateway.transport.take()).toContain(`xmlns='jabber:component:accept'`);
    gateway.transport.receive(`<handshake>${makeHandshake(id, secret).toUpperCase()}</handshake>`);
    expect(gateway.transport.take()).toBe('<handshake/>');
    expect([...components.connections()]).toEqual([{ domain: GATEWAY, waiting: 0 }]);
  });

  test('SHA-1 over id and secret, as `sha1sum` has it', () => {
    expect(makeHandshake('3BF96D32', 'xyz')).toBe('61dfa3090f091f30ab9f12989d68434c716f3013');
  });

  test.each([
    ['an unknown domain', (gateway: Gateway) => void gateway.open('other.localhost'), 'host-unknown'],
    ['another namespace', (gateway: Gateway) => void gateway.open(GATEWAY, NS.client), 'invalid-namespace'],
    ['a wrong secret', (gateway: Gateway) => gateway.login('guessed'), 'not-authorized'],
    [
      'a stanza in its place',
      (gateway: Gateway) => {
        gateway.open();
        gateway.transport.receive(`<message from='${GATEWAY}' to='juliet@localhost'/>`);
      },
      'not-authorized',
    ],
  ])('%s is refused', async (_, act, condition) => {
    const { world, components } = await stage();
    const gateway = new Gateway(world, components);
    act(gateway);
    expect(gateway.transport.text()).toContain(`<${condition} `);
    expect(gateway.transport.ended).toBe(true);
    expect([...components.connections()]).toEqual([]);
  });

  test('it has `limits.unauthenticated_timeout` for it', async () => {
    const { world, components } = await stage(['limits.unauthenticated_timeout="10 seconds"']);
    const [slow, quick] = [new Gateway(world, components), new Gateway(world, components)];
    slow.open();
    quick.login();
    world.clock.advance(9_000);
    expect(slow.transport.ended).toBe(false);
    world.clock.advance(1_000);
    expect(slow.transport.text()).toContain('<connection-timeout ');
    expect(quick.transport.ended).toBe(false);
  });

  test('`components.connections` and `components.unauthenticated_connections` hold at their edges; 0 = none', async () => {
    for (const [bound, left] of [
      [2, 2],
      [0, 3],
    ] as const) {
      const { world, components } = await stage([`components.connections=${bound}`]);
      const gateways = [1, 2, 3].map(() => new Gateway(world, components));
      for (const gateway of gateways) gateway.login();
      expect(gateways.filter(({ transport }) => !transport.ended)).toHaveLength(left);
    }
    for (const [bound, left] of [
      [2, 2],
      [0, 3],
    ] as const) {
      const { world, components } = await stage([`components.unauthenticated_connections=${bound}`]);
      const gateways = [1, 2, 3].map(() => new Gateway(world, components));
      expect(gateways.filter(({ transport }) => !transport.ended)).toHaveLength(left);
    }
  });
});

describe('stanzas', () => {
  test('D1 from a component come to all devices, archived, in `jabber:client`', async () => {
    const { world, components } = await stage();
    const phone = await world.connect('juliet@localhost/phone', { imNg: true });
    const gateway = await join(world, components);
    await gateway.send(`<message from='romeo@${GATEWAY}' to='juliet@localhost' type='chat'><body>hi</body></message>`);
    const [message] = phone.takeMessages();
    expect(message?.attrs['from']).toBe(`romeo@${GATEWAY}`);
    expect(message?.child('body', NS.client)?.text()).toBe('hi');
    expect(await world.rows('juliet@localhost')).toBe(1);
  });

  test('S1 to a component are archived and reflected; an IQ and its answer go both ways', async () => {
    const { world, components } = await stage();
    const phone = await world.connect('juliet@localhost/phone', { imNg: true });
    const gateway = await join(world, components);
    phone.send(xml('message', { to: `romeo@${GATEWAY}`, type: 'chat' }, xml('body', null, 'hi')));
    await world.settle();
    const [message] = gateway.take();
    expect(message?.ns).toBe(NS.component);
    expect(message?.child('body')?.text()).toBe('hi');
    expect(phone.takeMessages()).toHaveLength(1);
    phone.send(xml('iq', { id: 'q', type: 'get', to: GATEWAY }, xml('query', { xmlns: NS.discoInfo })));
    await world.settle();
    const [iq] = gateway.take();
    expect(iq?.child('query', NS.discoInfo)).toBeDefined();
    await gateway.send(`<iq type='result' id='q' from='${GATEWAY}' to='juliet@localhost/phone'/>`);
    expect(phone.take().map(({ attrs }) => attrs['type'])).toEqual(['result']);
  });

  test('S4 groupchat to a component is forwarded only', async () => {
    const { world, components } = await stage();
    const phone = await world.connect('juliet@localhost/phone', { imNg: true });
    const gateway = await join(world, components);
    phone.send(xml('message', { to: `room@${GATEWAY}`, type: 'groupchat' }, xml('body', null, 'hi')));
    await world.settle();
    expect(gateway.take()).toHaveLength(1);
    expect(phone.takeMessages()).toEqual([]);
    expect(await world.rows('juliet@localhost')).toBe(0);
  });

  test.each([
    ['no from', `<message to='juliet@localhost'/>`],
    ['another domain', `<message from='juliet@localhost' to='juliet@localhost'/>`],
    ['a domain below it', `<message from='romeo@sub.${GATEWAY}' to='juliet@localhost'/>`],
  ])('§3 %s: invalid-from, and nothing is delivered', async (_, text) => {
    const { world, components } = await stage();
    const phone = await world.connect('juliet@localhost/phone', { imNg: true });
    const gateway = await join(world, components);
    await gateway.send(text);
    expect(gateway.transport.text()).toContain('<invalid-from ');
    expect(phone.takeMessages()).toEqual([]);
  });

  test('`components.stanza_bytes` holds at its edge', async () => {
    const { world, components } = await stage(['components.stanza_bytes="10000 bytes"']);
    await world.account('juliet@localhost');
    const write = (size: number): string => {
      const [head, tail] = [
        `<message from='romeo@${GATEWAY}' to='juliet@localhost' type='chat'><body>`,
        '</body></message>',
      ];
      return head + 'x'.repeat(size - head.length - tail.length) + tail;
    };
    const gateway = await join(world, components);
    await gateway.send(write(10_000));
    expect(await world.rows('juliet@localhost')).toBe(1);
    expect(gateway.transport.ended).toBe(false);
    await gateway.send(write(10_001));
    expect(gateway.transport.text()).toContain('<policy-violation ');
    expect(await world.rows('juliet@localhost')).toBe(1);
  });

  test('one that brings more than `components.stanzas_burst` at once is read slower, and loses nothing; 0 = no limit', async () => {
    for (const [rate, first] of [
      ['components.stanzas_per_second=10', 5],
      ['components.stanzas_per_second=0', 20],
    ] as const) {
      const { world, components } = await stage([rate, 'components.stanzas_burst=5']);
      await world.account('juliet@localhost');
      const gateway = await join(world, components);
      const text = `<message from='romeo@${GATEWAY}' to='juliet@localhost' type='chat'><body>x</body></message>`;
      await gateway.send(text.repeat(20));
      await world.settle();
      const soon = await world.rows('juliet@localhost');
      expect(Math.abs(soon - first)).toBeLessThanOrEqual(1);
      for (let n = 0; n < 20; n += 1) {
        world.clock.advance(200);
        await world.settle();
      }
      expect(await world.rows('juliet@localhost')).toBe(20);
    }
  });

  test('a component and another server speak with each other through this one, and neither in the name of the other', async () => {
    const { world, components } = await stage();
    const link = new FakeLink();
    world.core.links.remote = link;
    const gateway = await join(world, components);
    await gateway.send(`<message from='romeo@${GATEWAY}' to='x@far.example' type='chat'><body>out</body></message>`);
    expect(link.sent.map(({ from, to }) => [from, to])).toEqual([[GATEWAY, 'far.example']]);
    const come = (from: string): Promise<void> | undefined =>
      world.core.router.fromOutside(
        xml('message', { from, to: `romeo@${GATEWAY}`, type: 'chat' }, xml('body', null, 'in')),
        () => undefined,
      );
    await come('x@far.example');
    await world.settle();
    expect(gateway.take().map((message) => message.child('body')?.text())).toEqual(['in']);
    expect(() => come(`romeo@${GATEWAY}`)).toThrow(expect.objectContaining({ condition: 'invalid-from' }));
    link.mood = noSuchServer();
    await gateway.send(
      `<message from='romeo@${GATEWAY}' to='x@gone.example' id='m' type='chat'><body>out</body></message>`,
    );
    const [error] = gateway.take();
    expect(error?.attrs).toMatchObject({ id: 'm', type: 'error', to: `romeo@${GATEWAY}`, from: 'x@gone.example' });
  });

  test('while it is not connected messages wait, requests are answered; when it comes it gets them in order', async () => {
    const { world, components } = await stage();
    const phone = await world.connect('juliet@localhost/phone', { imNg: true });
    for (const body of ['one', 'two', 'three'])
      phone.send(xml('message', { to: `romeo@${GATEWAY}`, type: 'chat' }, xml('body', null, body)));
    await world.settle();
    const answer = await phone.ask('get', xml('query', { xmlns: NS.discoInfo }), GATEWAY);
    expect(answer.child('error')?.child('remote-server-timeout', NS.stanzas)).toBeDefined();
    expect(answer.child('error')?.attrs['type']).toBe('wait');
    expect(phone.takeMessages().filter(({ attrs }) => attrs['type'] === 'error')).toEqual([]);
    const gateway = new Gateway(world, components);
    gateway.login();
    await world.settle();
    const [handshake, ...messages] = gateway.take();
    expect(handshake?.name).toBe('handshake');
    expect(messages.map((message) => message.child('body')?.text())).toEqual(['one', 'two', 'three']);
    expect(messages.every((message) => message.child('delay', NS.delay) !== undefined)).toBe(true);
  });

  test('what it had not read when its connection broke goes to another connection at once', async () => {
    const { world, components } = await stage();
    const phone = await world.connect('juliet@localhost/phone', { imNg: true });
    const first = await join(world, components);
    first.transport.clogged = true;
    phone.send(xml('message', { to: `romeo@${GATEWAY}`, type: 'chat' }, xml('body', null, 'one')));
    await world.settle();
    expect([...components.connections()]).toEqual([{ domain: GATEWAY, waiting: 1 }]);
    const second = await join(world, components);
    first.transport.cut();
    await world.settle();
    expect(second.take().map((message) => message.child('body')?.text())).toEqual(['one']);
  });

  test('one that does not read for `components.write_timeout` is cut; 0 = never', async () => {
    for (const [setting, isCut] of [
      ['"1 minute"', true],
      ['0', false],
    ] as const) {
      const { world, components } = await stage([`components.write_timeout=${setting}`]);
      const phone = await world.connect('juliet@localhost/phone', { imNg: true });
      const gateway = await join(world, components);
      gateway.transport.clogged = true;
      phone.send(xml('message', { to: `romeo@${GATEWAY}`, type: 'chat' }, xml('body', null, 'one')));
      await world.settle();
      world.clock.advance(59_000);
      expect(gateway.transport.destroyed).toBe(false);
      world.clock.advance(1_000);
      expect(gateway.transport.destroyed).toBe(isCut);
    }
  });
});

test('several connections share the senders; each has always the same one, also when another comes or goes', async () => {
  const { world, components } = await stage();
  const gateways = [await join(world, components), await join(world, components)];
  const devices = await Promise.all(
    Array.from({ length: 12 }, (_, n) => world.connect(`user${n}@localhost/phone`, { imNg: true })),
  );
  const shares = async (): Promise<string[][]> => {
    for (const device of devices)
      device.send(xml('message', { to: `romeo@${GATEWAY}`, type: 'chat' }, xml('body', null, 'x')));
    await world.settle();
    return gateways.map((gateway) => gateway.take().map(({ attrs }) => attrs['from'] ?? ''));
  };
  const [one = [], two = []] = await shares();
  expect(one.length).toBeGreaterThan(0);
  expect(two.length).toBeGreaterThan(0);
  expect([...one, ...two]).toHaveLength(12);
  expect(await shares()).toEqual([one, two]);
  gateways.push(await join(world, components));
  const [fewer = [], others = [], three = []] = await shares();
  expect(three.length).toBeGreaterThan(0);
  expect(fewer.every((from) => one.includes(from))).toBe(true);
  expect(others.every((from) => two.includes(from))).toBe(true);
  gateways[2]?.transport.cut();
  await world.settle();
  gateways.pop();
  expect((await shares()).map((share) => share.toSorted())).toEqual([one.toSorted(), two.toSorted()]);
});

test('a component that is not configured any more is sent away', async () => {
  const { world, components } = await stage();
  const gateway = await join(world, components);
  world.core.configure({ ...world.core.config, components: { ...world.core.config.components, domains: {} } });
  components.configure();
  expect(gateway.transport.text()).toContain('<host-gone ');
  expect(components.serves(GATEWAY)).toBe(false);
});
