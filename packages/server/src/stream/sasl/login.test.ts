import { NS, parseXml, StanzaError, StreamError } from '@tutti/xmpp';
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ScramClient } from '../../../test/stream/scram-client.ts';
import { base64, HEADER, PASSWORD, plainAuth, readFeatures, settle, sleep, type TestClient, World } from '../../../test/stream/world.ts';

const AGENT_ID = 'd4565fa7-4d72-4749-b3d3-740edbf87770';
const AGENT = `<user-agent id='${AGENT_ID}'><software>Tester</software><device>Desk</device></user-agent>`;
const PLAIN = base64(`\0user\0${PASSWORD}`);

function failure(condition: string, ns: string = NS.sasl): string {
  return `<failure xmlns='${ns}'><${condition}${ns === NS.sasl ? '' : ` xmlns='${NS.sasl}'`}/></failure>`;
}

function authenticate(mechanism: string, initial: string | Uint8Array | undefined, inner = ''): string {
  const response = initial === undefined ? '' : `<initial-response>${base64(initial)}</initial-response>`;
  return `<authenticate xmlns='${NS.sasl2}' mechanism='${mechanism}'>${response}${inner}</authenticate>`;
}

/** The <success/> out of what the server wrote. */
function readSuccess(answer: string) {
  const [success] = /<success.*<\/success>/s.exec(answer) ?? [];
  if (success === undefined) throw new Error(`No success in ${answer}`);
  return parseXml(success);
}

async function logInPlain2(client: TestClient, inner = ''): Promise<string> {
  return client.say(authenticate('PLAIN', `\0user\0${PASSWORD}`, inner));
}

describe('RFC 6120 §6 SASL', () => {
  it('§6.4 a SCRAM dialogue, with the verifier in success, then a new stream', async () => {
    const client = await new World().connect();
    await client.open();
    const scram = new ScramClient({ hash: 'SHA-256', name: 'user', password: PASSWORD });
    const challenge = parseXml(await client.say(`<auth xmlns='${NS.sasl}' mechanism='SCRAM-SHA-256'>${base64(scram.first())}</auth>`));
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
    expect(await client.say(plainAuth('user', ''))).toMatch(/<malformed-request\/><\/failure><stream:error><policy-violation .*<\/stream:stream>$/);
    const patient = await new World({ stream: { limits: { loginAttempts: 0 } } }).connect();
    await patient.open();
    for (let i = 0; i < 10; i += 1) expect(await patient.say(plainAuth('user', ''))).toBe(failure('malformed-request'));
  });

  it('RFC 4616 PLAIN: own authzid, prepared names and passwords', async () => {
    for (const [name, password, authzid] of [['user', PASSWORD, 'user@localhost'], ['USER', 'pen\u00adcil', ''], ['user@localhost', PASSWORD, '']] as const) {
      const client = await new World().connect();
      await client.open();
      expect(await client.say(plainAuth(name, password, authzid))).toContain('<success');
    }
  });

  it('PLAIN with any hash that there are keys for', async () => {
    const world = new World();
    await world.addAccounts();
    const all = world.credentials.get('user@localhost')!;
    for (const name of ['sha1', 'sha512'] as const) {
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
    expect(Buffer.from(success.child('additional-data')?.text() ?? '', 'base64').toString()).toBe(scram.expectedVerifier());
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
    const answer = await logInPlain2(client, `<bind xmlns='${NS.bind2}'><tag>AwesomeXMPP</tag><enable xmlns='${NS.imNg}'/></bind>`);
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
    expect(await logInPlain2(client, `<bind xmlns='${NS.bind2}'/>`)).toMatch(/^<success.*<\/stream:features><message\/>$/s);
  });

  it('when binding is refused the login stands, and the client may bind by RFC 6120', async () => {
    const world = new World();
    world.host.refuseBind = new StanzaError('resource-constraint');
    const client = await world.connect();
    await client.open();
    const answer = await logInPlain2(client, `<bind xmlns='${NS.bind2}'/>`);
    const success = readSuccess(answer);
    expect(success.child('failed', NS.bind2)?.child('error', NS.client)?.child('resource-constraint', NS.stanzas)).toBeDefined();
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
    world.host.resumable.set('sm1', world.host.sessions[0]!);
    const client = await world.connect();
    await client.open();
    return { world, client };
  }

  it('goes before binding, has no features behind it, and the session starts after success', async () => {
    const { world, client } = await prepare();
    const answer = await logInPlain2(client, `<resume xmlns='${NS.sm}' previd='sm1' h='1'/><bind xmlns='${NS.bind2}'/>`);
    expect(readSuccess(answer).child('resumed', NS.sm)?.attrs).toMatchObject({ previd: 'sm1', h: '7' });
    expect(readSuccess(answer).child('authorization-identifier')?.text()).toBe('user@localhost/r');
    expect(answer).toMatch(/<\/success><message xmlns='jabber:client' id='again'\/>$/);
    expect(world.host.binds).toHaveLength(1);
  });

  it('when it fails the binding goes on', async () => {
    const { client } = await prepare();
    const answer = await logInPlain2(client, `<resume xmlns='${NS.sm}' previd='gone' h='1'/><bind xmlns='${NS.bind2}'/>`);
    expect(readSuccess(answer).elements.map((child) => child.name)).toEqual(['authorization-identifier', 'failed', 'bound']);
    expect(answer).toContain('<stream:features>');
  });

  it('a stream error while resuming is one', async () => {
    const { world, client } = await prepare();
    world.host.resume = () => Promise.reject(new StreamError('undefined-condition'));
    expect(await logInPlain2(client, `<resume xmlns='${NS.sm}' previd='sm1' h='9'/>`)).toMatch(/^<stream:error><undefined-condition /);
  });
});

describe('XEP-0484 FAST', () => {
  const DAY = 86_400_000;
  const HT = 'HT-SHA-256-NONE';

  async function requestToken(world: World, inner = AGENT, mechanism = HT): Promise<{ token: string; expiry: string } | undefined> {
    const client = await world.connect();
    await client.open();
    const answer = await logInPlain2(client, `${inner}<request-token xmlns='${NS.fast}' mechanism='${mechanism}'/>`);
    return readToken(answer);
  }

  function readToken(answer: string) {
    const token = readSuccess(answer).child('token', NS.fast);
    return token === undefined ? undefined : { token: token.attrs['token'] ?? '', expiry: token.attrs['expiry'] ?? '' };
  }

  const sign = (token: string, text: string) => createHmac('sha256', token).update(text).digest();

  async function useToken(world: World, token: string, { fast = '', mechanism = HT, agent = AGENT, inner = '', name = 'user', transport = {} } = {}): Promise<string> {
    const client = await world.connect(transport);
    await client.open();
    const initial = Buffer.concat([Buffer.from(`${name}\0`), sign(token, 'Initiator')]);
    return client.say(authenticate(mechanism, initial, `${agent}<fast xmlns='${NS.fast}'${fast}/>${inner}`));
  }

  it('§3.3 gives a token that logs in, and proves that the server knows it; nothing in the store would', async () => {
    const world = new World();
    const issued = await requestToken(world);
    expect(issued?.token).toMatch(/^secret-token:[\w-]{43}$/);
    expect(Date.parse(issued?.expiry ?? '') - world.clock.now()).toBe(21 * DAY);
    expect(JSON.stringify([...world.tokens])).not.toContain(issued!.token.slice(13));
    const answer = await useToken(world, issued!.token, { inner: `<bind xmlns='${NS.bind2}'/>` });
    const success = readSuccess(answer);
    expect(success.child('additional-data')?.text()).toBe(base64(sign(issued!.token, 'Responder')));
    expect(success.child('authorization-identifier')?.text()).toBe('user@localhost/made');
    expect(world.host.binds.at(-1)?.identity.mechanism).toBe(HT);
    expect(readToken(answer)).toBeUndefined();
  });

  it('§3.4 a token is good for its mechanism, its account and its installation only', async () => {
    const world = new World();
    const { token } = (await requestToken(world))!;
    const tls = { protocol: 'TLSv1.3', exporter: () => new Uint8Array(0), finished: () => undefined, serverEndPoint: () => new Uint8Array(0) };
    const refused = failure('not-authorized', NS.sasl2);
    expect(await useToken(world, token, { mechanism: 'HT-SHA-256-EXPR', transport: { tls } })).toBe(refused);
    expect(await useToken(world, token, { name: 'other' })).toBe(refused);
    expect(await useToken(world, token, { name: 'nobody' })).toBe(refused);
    expect(await useToken(world, token, { agent: AGENT.replace('d4565fa7', 'd4565fa8') })).toBe(refused);
    expect(await useToken(world, `${token}x`)).toBe(refused);
    expect(await useToken(world, token)).toContain('<success');
  });

  it('binds the channel with -EXPR and -ENDP', async () => {
    for (const [mechanism, data] of [['HT-SHA-256-EXPR', 'exporter'], ['HT-SHA-256-ENDP', 'end-point']] as const) {
      const world = new World();
      const { token } = (await requestToken(world, AGENT, mechanism))!;
      const log = async (exporter: string, endPoint: string) => {
        const tls = { protocol: 'TLSv1.3', exporter: () => Buffer.from(exporter), finished: () => undefined, serverEndPoint: () => Buffer.from(endPoint) };
        const client = await world.connect({ tls });
        await client.open();
        const initial = Buffer.concat([Buffer.from('user\0'), sign(token, `Initiator${data}`)]);
        return client.say(authenticate(mechanism, initial, `${AGENT}<fast xmlns='${NS.fast}'/>`));
      };
      expect(await log('other', 'another')).toBe(failure('not-authorized', NS.sasl2));
      expect(await log('exporter', 'end-point')).toContain('<success');
    }
  });

  it('§3.4 a count must rise', async () => {
    const world = new World();
    const { token } = (await requestToken(world))!;
    expect(await useToken(world, token, { fast: " count='5'" })).toContain('<success');
    const [replayed, earlier] = [await useToken(world, token, { fast: " count='5'" }), await useToken(world, token, { fast: " count='4'" })];
    expect(replayed).toContain('<not-authorized ');
    expect(earlier).toContain('<not-authorized ');
    expect(await useToken(world, token, { fast: " count='6'" })).toContain('<success');
    expect(await useToken(world, token)).toContain('<success');
  });

  it('§3.5 rotation: the old token works until the new one is used, then never again', async () => {
    const world = new World();
    const old = (await requestToken(world))!;
    expect(readToken(await useToken(world, old.token))).toBeUndefined();
    world.clock.turn(DAY);
    const lost = readToken(await useToken(world, old.token))!;
    const fresh = readToken(await useToken(world, old.token))!;
    expect(new Set([old.token, lost.token, fresh.token]).size).toBe(3);
    expect(await useToken(world, lost.token)).toBe(failure('not-authorized', NS.sasl2));
    expect(await useToken(world, old.token)).toContain('<success');
  });

  it('§3.5 using the new token invalidates the old one', async () => {
    const world = new World();
    const old = (await requestToken(world))!;
    await useToken(world, old.token);
    world.clock.turn(DAY);
    const fresh = readToken(await useToken(world, old.token))!;
    expect(await useToken(world, fresh.token)).toContain('<success');
    expect(await useToken(world, old.token)).toBe(failure('not-authorized', NS.sasl2));
    expect(await useToken(world, fresh.token)).toContain('<success');
  });

  it('§4.2 credentials-expired for a token that was right once, at the edge', async () => {
    const world = new World({ sasl: { tokenRotation: 100 * DAY } });
    const { token } = (await requestToken(world))!;
    world.clock.turn(21 * DAY - 1);
    expect(await useToken(world, token)).toContain('<success');
    world.clock.turn(1);
    expect(await useToken(world, token)).toBe(failure('credentials-expired', NS.sasl2));
  });

  it('§3.6 invalidation: no new token, unless one is asked for', async () => {
    const world = new World();
    const { token } = (await requestToken(world))!;
    world.clock.turn(DAY);
    expect(readToken(await useToken(world, token, { fast: " invalidate='true'" }))).toBeUndefined();
    expect(await useToken(world, token)).toBe(failure('not-authorized', NS.sasl2));
    const second = (await requestToken(world))!;
    const inner = `<request-token xmlns='${NS.fast}' mechanism='${HT}'/>`;
    const third = readToken(await useToken(world, second.token, { fast: " invalidate='1'", inner }))!;
    expect(await useToken(world, second.token)).toBe(failure('not-authorized', NS.sasl2));
    expect(await useToken(world, third.token)).toContain('<success');
  });

  it('§4.1 needs a user agent with an id', async () => {
    const world = new World();
    expect(await requestToken(world, '')).toBeUndefined();
    const answer = await useToken(world, 'x', { agent: '' });
    expect(answer).toContain('<malformed-request ');
  });

  it('§3.4 a FAST mechanism needs <fast/>, and <fast/> a FAST mechanism', async () => {
    const world = new World();
    const client = await world.connect();
    await client.open();
    expect(await client.say(authenticate(HT, 'user\0x', AGENT))).toBe(failure('invalid-mechanism', NS.sasl2));
    expect(await logInPlain2(client, `${AGENT}<fast xmlns='${NS.fast}'/>`)).toBe(failure('invalid-mechanism', NS.sasl2));
  });

  it('is absent without a token store', async () => {
    const world = new World({ fast: false });
    const client = await world.connect();
    expect((await client.open()).child('authentication', NS.sasl2)?.child('inline')?.child('fast', NS.fast)).toBeUndefined();
  });
});
