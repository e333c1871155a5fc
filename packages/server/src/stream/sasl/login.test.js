import { NS, parseXml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { authenticate, failure } from '../../../test/stream/login.js';
import { ScramClient } from '../../../test/stream/scram-client.js';
import { base64, HEADER, PASSWORD, plainAuth, readFeatures, settle, sleep, World } from '../../../test/stream/world.js';
const PLAIN = base64(`\0user\0${PASSWORD}`);
describe('RFC 6120 §6 SASL', () => {
  it('§6.4 a SCRAM dialogue, with the verifier in success, then a new stream', async () => {
    const client = await new World().connect();
    await client.open();
    const scram = new ScramClient({ hash: 'SHA-256', name: 'user', password: PASSWORD });
    const challenge = parseXml(
      await client.say(`<auth xmlns='${NS.sasl}' mechanism='SCRAM-SHA-256'>${base64(scram.first())}</auth>`),
    );
    const final = scram.final(Buffer.from(challenge.text(), 'base64').toString());
    const success = parseXml(await client.say(`<response xmlns='${NS.sasl}'>${base64(final)}</response>`));
    expect(Buffer.from(success.text(), 'base64').toString()).toBe(scram.expectedVerifier());
    expect(readFeatures(await client.say(HEADER)).child('bind', NS.bind)).toBeDefined();
  });
  it('RFC 4422 §3.3 without an initial response there is an empty challenge; = is an empty response', async () => {
    const client = await new World().connect();
    await client.open();
    expect(await client.say(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'/>`)).toBe(`<challenge xmlns='${NS.sasl}'/>`);
    expect(await client.say(`<response xmlns='${NS.sasl}'>${PLAIN}</response>`)).toBe(`<success xmlns='${NS.sasl}'/>`);
    const other = await new World().connect();
    await other.open();
    expect(await other.say(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>=</auth>`)).toBe(failure('malformed-request'));
  });
  it('§6.4.4 aborts, and may begin again', async () => {
    const client = await new World().connect();
    await client.open();
    await client.say(`<auth xmlns='${NS.sasl}' mechanism='SCRAM-SHA-1'>${base64('n,,n=user,r=a')}</auth>`);
    expect(await client.say(`<abort xmlns='${NS.sasl}'/>`)).toBe(failure('aborted'));
    expect(await client.say(plainAuth('user', PASSWORD))).toContain('<success');
  });
  it('§6.4.5 policy-violation after as many failures as configured, at the edge', async () => {
    const client = await new World({ stream: { limits: { loginAttempts: 3 } } }).connect();
    await client.open();
    expect(await client.say(plainAuth('user', 'wrong'))).toBe(failure('not-authorized'));
    expect(await client.say(plainAuth('nobody', PASSWORD))).toBe(failure('not-authorized'));
    expect(await client.say(plainAuth('user', ''))).toMatch(
      /<malformed-request\/><\/failure><stream:error><policy-violation .*<\/stream:stream>$/,
    );
    const patient = await new World({ stream: { limits: { loginAttempts: 0 } } }).connect();
    await patient.open();
    for (let i = 0; i < 10; i += 1) expect(await patient.say(plainAuth('user', ''))).toBe(failure('malformed-request'));
  });
  it('RFC 4616 PLAIN: own authzid, prepared names and passwords', async () => {
    for (const [name, password, authzid] of [
      ['user', PASSWORD, 'user@localhost'],
      ['USER', 'pen\u00adcil', ''],
      ['user@localhost', PASSWORD, ''],
    ]) {
      const client = await new World().connect();
      await client.open();
      expect(await client.say(plainAuth(name, password, authzid))).toContain('<success');
    }
  });
  it('PLAIN with any hash that there are keys for', async () => {
    const world = new World();
    await world.addAccounts();
    const all = world.credentials.get('user@localhost');
    for (const name of ['sha1', 'sha512']) {
      world.credentials.set('user@localhost', { [name]: all[name] });
      const client = await world.connect();
      await client.open();
      expect(await client.say(plainAuth('user', PASSWORD))).toContain('<success');
    }
  });
  it('temporary-auth-failure when the accounts cannot be read; that is nobody’s failure', async () => {
    const world = new World({ failuresPerMinute: 1 });
    const client = await world.connect();
    await client.open();
    world.broken = new Error('disk on fire');
    expect(await client.say(plainAuth('user', PASSWORD))).toBe(failure('temporary-auth-failure'));
    world.broken = undefined;
    expect(await client.say(plainAuth('user', PASSWORD))).toContain('<success');
  });
  it('a session made for a login that finishes after the client has gone never exists', async () => {
    const world = new World();
    const client = await world.connect();
    await client.open();
    client.transport.receive(authenticate('PLAIN', `\0user\0${PASSWORD}`, `<bind xmlns='${NS.bind2}'/>`));
    client.transport.cut();
    await sleep(50);
    expect(world.host.binds).toEqual([]);
  });
});
describe('throttling', () => {
  it('delays, then refuses with temporary-auth-failure; alike for unknown names', async () => {
    for (const name of ['user', 'nobody']) {
      const world = new World({ failuresPerMinute: 5, stream: { limits: { loginAttempts: 0 } } });
      const client = await world.connect({ address: '127.0.0.1' });
      await client.open();
      for (let i = 0; i < 3; i += 1) expect(await client.say(plainAuth(name, 'wrong'))).toBe(failure('not-authorized'));
      for (const delay of [500, 1000]) {
        client.transport.receive(plainAuth(name, 'wrong'));
        expect(await client.glance()).toBe('');
        world.clock.turn(delay - 1);
        expect(await client.glance()).toBe('');
        world.clock.turn(1);
        expect(await client.hear()).toBe(failure('not-authorized'));
      }
      expect(await client.say(plainAuth(name, PASSWORD))).toBe(failure('temporary-auth-failure'));
    }
  });
  it('an exchange that was broken off between two steps does not count', async () => {
    const world = new World({ failuresPerMinute: 1 });
    for (let i = 0; i < 5; i += 1) {
      const client = await world.connect();
      await client.open();
      await client.say(`<auth xmlns='${NS.sasl}' mechanism='SCRAM-SHA-1'>${base64('n,,n=user,r=a')}</auth>`);
      client.transport.cut();
      await settle();
    }
    const client = await world.connect();
    await client.open();
    expect(await client.say(plainAuth('user', PASSWORD))).toContain('<success');
  });
});
