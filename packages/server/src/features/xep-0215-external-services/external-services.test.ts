import { createHmac, randomBytes } from 'node:crypto';
import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { systemDigest } from '../../system.ts';
import { createWorld } from '../../../test/world.ts';
import { hmacSha1 } from './hmac.ts';

const settings = [
  'external_services.turn.host=turn.example.org',
  'external_services.turn.secret=north',
  'external_services.turn.lifetime=1 hour',
  'external_services.relay.host=turn.example.org',
  'external_services.relay.port=3479',
  'external_services.relay.transport=tcp',
  'external_services.relay.username=guest',
  'external_services.relay.password=let me in',
  'external_services.stun.type=stun',
  'external_services.stun.host=192.0.2.1',
  'external_services.stun.label=Ours',
];

async function setUp() {
  const world = await createWorld({ settings });
  const alice = await world.connect('alice@localhost/phone');
  const ask = async (payload: Element, to = 'localhost') => alice.ask('get', payload, to);
  return { world, ask };
}

const services = (type?: string) => xml('services', { xmlns: NS.extdisco, type });
const servicesIn = (answer: Element) => answer.elements[0]?.childrenNamed('service').map(({ attrs }) => ({ ...attrs }));

describe('XEP-0215', () => {
  it('§3.1 lists what the configuration has', async () => {
    const { ask } = await setUp();
    const [turn, relay, stun] = servicesIn(await ask(services())) ?? [];
    expect(stun).toEqual({ type: 'stun', host: '192.0.2.1', port: '3478', transport: 'udp', name: 'Ours' });
    expect(relay).toEqual({
      type: 'turn',
      host: 'turn.example.org',
      port: '3479',
      transport: 'tcp',
      username: 'guest',
      password: 'let me in',
      restricted: 'true',
    });
    expect(turn).toMatchObject({
      type: 'turn',
      host: 'turn.example.org',
      port: '3478',
      expires: '2026-01-01T01:00:00Z',
    });
  });

  it('§3.3 the password of a TURN server is the HMAC of a user name that says when it ends', async () => {
    const { ask } = await setUp();
    const [turn] = servicesIn(await ask(services('turn'))) ?? [];
    const end = Date.UTC(2026, 0, 1, 1) / 1000;
    expect(turn?.['username']).toMatch(new RegExp(`^${end}:[\\w+/]{16}$`));
    expect(turn?.['username']).not.toContain('alice');
    const password = createHmac('sha1', 'north')
      .update(turn?.['username'] ?? '')
      .digest('base64');
    expect(turn?.['password']).toBe(password);
  });

  it('§3.2 lists services of one type', async () => {
    const { ask } = await setUp();
    expect(servicesIn(await ask(services('stun')))).toHaveLength(1);
    expect(servicesIn(await ask(services('ftp')))).toEqual([]);
  });

  it('§3.3 credentials of one service, or of one port of it', async () => {
    const { ask } = await setUp();
    const of = (attrs: Record<string, string>) =>
      ask(
        xml(
          'credentials',
          { xmlns: NS.extdisco },
          xml('service', { type: 'turn', host: 'turn.example.org', ...attrs }),
        ),
      );
    expect(servicesIn(await of({}))).toHaveLength(2);
    expect(servicesIn(await of({ port: '3479' }))?.[0]).toMatchObject({ username: 'guest', password: 'let me in' });
    expect((await of({ host: 'other.example.org' })).child('error')?.elements[0]?.name).toBe('item-not-found');
    const none = await ask(xml('credentials', { xmlns: NS.extdisco }));
    expect(none.child('error')?.elements[0]?.name).toBe('bad-request');
  });

  it('§3 is for users of this server', async () => {
    const { world } = await setUp();
    const answers: Element[] = [];
    world.core.services.set('elsewhere.localhost', (stanza) => void answers.push(stanza));
    world.core.router.route(
      xml('iq', { type: 'get', id: 'x', from: 'eve@elsewhere.localhost/r', to: 'localhost' }, services()),
    );
    await world.settle();
    expect(answers.map((answer) => answer.child('error')?.elements[0]?.name)).toEqual(['forbidden']);
  });
});

it('RFC 2202 HMAC-SHA1 with keys of all lengths', () => {
  for (const length of [1, 20, 63, 64, 65, 200]) {
    const key = randomBytes(length).toString('hex').slice(0, length);
    const expected = createHmac('sha1', key).update('what do ya want').digest('base64');
    expect(hmacSha1({ digest: systemDigest }, key, 'what do ya want')).toBe(expected);
  }
});
