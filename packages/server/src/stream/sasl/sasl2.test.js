import { NS, parseXml, StanzaError, StreamError } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { AGENT, AGENT_ID, authenticate, failure, logInPlain2, readSuccess } from '../../../test/stream/login.js';
import { ScramClient } from '../../../test/stream/scram-client.js';
import { base64, HEADER, PASSWORD, readFeatures, World } from '../../../test/stream/world.js';
const PLAIN = base64(`\0user\0${PASSWORD}`);
describe('XEP-0388 SASL2', () => {
  it('§2.6.1 success names the account, features follow, no new stream; then RFC 6120 binding', async () => {
    const client = await new World().connect();
    await client.open();
    const scram = new ScramClient({ hash: 'SHA-512', name: 'user', password: PASSWORD });
    const challenge = parseXml(await client.say(authenticate('SCRAM-SHA-512', scram.first(), AGENT)));
    expect(challenge).toMatchObject({ name: 'challenge', ns: NS.sasl2 });
    const final = scram.final(Buffer.from(challenge.text(), 'base64').toString());
    const answer = await client.say(`<response xmlns='${NS.sasl2}'>${base64(final)}</response>`);
    const success = readSuccess(answer);
    expect(success.child('authorization-identifier')?.text()).toBe('user@localhost');
    expect(Buffer.from(success.child('additional-data')?.text() ?? '', 'base64').toString()).toBe(
      scram.expectedVerifier(),
    );
    expect(readFeatures(answer).child('bind', NS.bind)).toBeDefined();
    expect(await client.say(`<iq type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`)).toContain('user@localhost/made');
  });
  it('§2.3 without an initial response the client is asked', async () => {
    const client = await new World().connect();
    await client.open();
    expect(await client.say(authenticate('PLAIN', undefined))).toBe(`<challenge xmlns='${NS.sasl2}'/>`);
    expect(await client.say(`<response xmlns='${NS.sasl2}'>${PLAIN}</response>`)).toContain('<success');
  });
  it('§2.3 the user agent reaches the host', async () => {
    const world = new World();
    const client = await world.connect();
    await client.open();
    await logInPlain2(client, `${AGENT}<bind xmlns='${NS.bind2}'/>`);
    expect(world.host.binds[0]?.identity.agent).toEqual({ id: AGENT_ID, software: 'Tester', device: 'Desk' });
  });
  it('§2.3 the header’s `from` must be the account that logs in', async () => {
    const world = new World();
    const client = await world.connect();
    await client.say(HEADER.replace('to=', "from='other@localhost' to="));
    expect(await logInPlain2(client, `<bind xmlns='${NS.bind2}'/>`)).toBe(failure('invalid-authzid', NS.sasl2));
    expect(world.host.binds).toEqual([]);
    const right = await world.connect();
    await right.say(HEADER.replace('to=', "from='user@localhost' to="));
    expect(await logInPlain2(right)).toContain('<success');
  });
  it('§2.8.6 a second authentication ends the stream, before and after binding', async () => {
    for (const inner of ['', `<bind xmlns='${NS.bind2}'/>`]) {
      const client = await new World().connect();
      await client.open();
      await logInPlain2(client, inner);
      expect(await logInPlain2(client)).toMatch(/^<stream:error><policy-violation .*<\/stream:stream>$/);
    }
  });
});
describe('XEP-0386 Bind 2', () => {
  it('§3.2 binds with the tag and what stands inline; the full JID and <bound/> in success, features without bind', async () => {
    const world = new World();
    const client = await world.connect();
    await client.open();
    const answer = await logInPlain2(
      client,
      `<bind xmlns='${NS.bind2}'><tag>AwesomeXMPP</tag><enable xmlns='${NS.imNg}'/></bind>`,
    );
    const success = readSuccess(answer);
    expect(success.child('authorization-identifier')?.text()).toBe('user@localhost/AwesomeXMPP/made');
    expect(success.child('bound', NS.bind2)?.child('enabled', NS.imNg)).toBeDefined();
    expect(world.host.binds[0]?.request.inline?.child('enable', NS.imNg)).toBeDefined();
    const features = readFeatures(answer);
    expect(features.child('bind', NS.bind)).toBeUndefined();
    expect(features.child('sm', NS.sm)).toBeDefined();
    await client.say('<message/>');
    expect(world.host.sessions[0]?.received).toHaveLength(1);
  });
  it('E5 nothing that the session writes comes before success and features', async () => {
    const world = new World();
    world.host.whileBinding = (_session, connection) => connection.write(new TextEncoder().encode('<message/>'));
    const client = await world.connect();
    await client.open();
    expect(await logInPlain2(client, `<bind xmlns='${NS.bind2}'/>`)).toMatch(
      /^<success.*<\/stream:features><message\/>$/s,
    );
  });
  it('when binding is refused the login stands, and the client may bind by RFC 6120', async () => {
    const world = new World();
    world.host.refuseBind = new StanzaError('resource-constraint');
    const client = await world.connect();
    await client.open();
    const answer = await logInPlain2(client, `<bind xmlns='${NS.bind2}'/>`);
    const success = readSuccess(answer);
    expect(
      success.child('failed', NS.bind2)?.child('error', NS.client)?.child('resource-constraint', NS.stanzas),
    ).toBeDefined();
    expect(success.child('authorization-identifier')?.text()).toBe('user@localhost');
    expect(readFeatures(answer).child('bind', NS.bind)).toBeDefined();
  });
  it('§3.2 is not processed when authentication fails', async () => {
    const world = new World();
    const client = await world.connect();
    await client.open();
    await client.say(authenticate('PLAIN', '\0user\0wrong', `<bind xmlns='${NS.bind2}'/>`));
    expect(world.host.binds).toEqual([]);
  });
});
describe('XEP-0198 §9.2 inline resumption', () => {
  async function prepare() {
    const world = new World();
    const first = await world.connect();
    await first.logIn();
    world.host.resumable.set('sm1', world.host.sessions[0]);
    const client = await world.connect();
    await client.open();
    return { world, client };
  }
  it('goes before binding, has no features behind it, and the session starts after success', async () => {
    const { world, client } = await prepare();
    const answer = await logInPlain2(
      client,
      `<resume xmlns='${NS.sm}' previd='sm1' h='1'/><bind xmlns='${NS.bind2}'/>`,
    );
    expect(readSuccess(answer).child('resumed', NS.sm)?.attrs).toMatchObject({ previd: 'sm1', h: '7' });
    expect(readSuccess(answer).child('authorization-identifier')?.text()).toBe('user@localhost/r');
    expect(answer).toMatch(/<\/success><message xmlns='jabber:client' id='again'\/>$/);
    expect(world.host.binds).toHaveLength(1);
  });
  it('when it fails the binding goes on', async () => {
    const { client } = await prepare();
    const answer = await logInPlain2(
      client,
      `<resume xmlns='${NS.sm}' previd='gone' h='1'/><bind xmlns='${NS.bind2}'/>`,
    );
    expect(readSuccess(answer).elements.map((child) => child.name)).toEqual([
      'authorization-identifier',
      'failed',
      'bound',
    ]);
    expect(answer).toContain('<stream:features>');
  });
  it('a stream error while resuming is one', async () => {
    const { world, client } = await prepare();
    world.host.resume = () => Promise.reject(new StreamError('undefined-condition'));
    expect(await logInPlain2(client, `<resume xmlns='${NS.sm}' previd='sm1' h='9'/>`)).toMatch(
      /^<stream:error><undefined-condition /,
    );
  });
});
