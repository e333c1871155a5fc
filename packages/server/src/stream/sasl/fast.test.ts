import { NS } from '@tutti/xmpp';
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AGENT, authenticate, failure, logInPlain2, readSuccess } from '../../../test/stream/login.ts';
import { base64, INCARNATION, World } from '../../../test/stream/world.ts';

describe('XEP-0484 FAST', () => {
  const DAY = 86_400_000;
  const HT = 'HT-SHA-256-NONE';

  async function requestToken(
    world: World,
    inner = AGENT,
    mechanism = HT,
  ): Promise<{ token: string; expiry: string } | undefined> {
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

  async function useToken(
    world: World,
    token: string,
    { fast = '', mechanism = HT, agent = AGENT, inner = '', name = 'user', transport = {} } = {},
  ): Promise<string> {
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
    expect(world.host.binds.at(-1)?.identity).toMatchObject({ mechanism: HT, incarnation: INCARNATION });
    expect(readToken(answer)).toBeUndefined();
  });

  it('§3.4 a token is good for its mechanism, its account and its installation only', async () => {
    const world = new World();
    const { token } = (await requestToken(world))!;
    const tls = {
      protocol: 'TLSv1.3',
      exporter: () => new Uint8Array(0),
      finished: () => undefined,
      serverEndPoint: () => new Uint8Array(0),
    };
    const refused = failure('not-authorized', NS.sasl2);
    expect(await useToken(world, token, { mechanism: 'HT-SHA-256-EXPR', transport: { tls } })).toBe(refused);
    expect(await useToken(world, token, { name: 'other' })).toBe(refused);
    expect(await useToken(world, token, { name: 'nobody' })).toBe(refused);
    expect(await useToken(world, token, { agent: AGENT.replace('d4565fa7', 'd4565fa8') })).toBe(refused);
    expect(await useToken(world, `${token}x`)).toBe(refused);
    expect(await useToken(world, token)).toContain('<success');
  });

  it('binds the channel with -EXPR and -ENDP', async () => {
    for (const [mechanism, data] of [
      ['HT-SHA-256-EXPR', 'exporter'],
      ['HT-SHA-256-ENDP', 'end-point'],
    ] as const) {
      const world = new World();
      const { token } = (await requestToken(world, AGENT, mechanism))!;
      const log = async (exporter: string, endPoint: string) => {
        const tls = {
          protocol: 'TLSv1.3',
          exporter: () => Buffer.from(exporter),
          finished: () => undefined,
          serverEndPoint: () => Buffer.from(endPoint),
        };
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
    const [replayed, earlier] = [
      await useToken(world, token, { fast: " count='5'" }),
      await useToken(world, token, { fast: " count='4'" }),
    ];
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
    expect(await logInPlain2(client, `${AGENT}<fast xmlns='${NS.fast}'/>`)).toBe(
      failure('invalid-mechanism', NS.sasl2),
    );
  });

  it('is absent without a token store', async () => {
    const world = new World({ fast: false });
    const client = await world.connect();
    expect(
      (await client.open()).child('authentication', NS.sasl2)?.child('inline')?.child('fast', NS.fast),
    ).toBeUndefined();
  });
});
