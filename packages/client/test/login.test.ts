import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerAccount, type Token, type TokenKeeper } from '../src/index.ts';
import { World } from './world.ts';

/** A place for a token that outlasts a client. */
class Drawer implements TokenKeeper {
  token: Token | undefined;
  load(): Promise<Token | undefined> {
    return Promise.resolve(this.token);
  }
  save(token: Token | undefined): Promise<void> {
    this.token = token;
    return Promise.resolve();
  }
}

describe('logging in', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start('registration.enabled=true', 'registration.rate_per_hour=0');
  });
  afterAll(() => world.stop());

  it('XEP-0484 §3.4 with the token of the start before, without a password', async () => {
    const username = await world.account('alice');
    const [token, deviceId] = [new Drawer(), crypto.randomUUID()];
    const first = await world.online(username, { token, deviceId });
    await first.stop();
    expect(token.token?.mechanism).toMatch(/^HT-/);
    const second = await world.onlineWithToken(username, { token, deviceId });
    expect(second.account).toBe(`${username}@localhost`);
    await second.stop();
  });

  it('is refused without a password where there is no token, or one that is not good', async () => {
    const username = await world.account('bob');
    const token = new Drawer();
    await expect(world.onlineWithToken(username, { token, deviceId: crypto.randomUUID() })).rejects.toMatchObject({
      condition: 'refused',
    });
    token.token = { mechanism: 'HT-SHA-256-NONE', token: 'x', expiry: '2999-01-01T00:00:00Z' };
    await expect(world.onlineWithToken(username, { token, deviceId: crypto.randomUUID() })).rejects.toMatchObject({
      condition: 'refused',
    });
    expect(token.token).toBeUndefined();
  });

  it('XEP-0077 §3.1 into an account that was made just now; a name is taken once', async () => {
    const wish = {
      service: `ws://127.0.0.1:${world.port}/xmpp-websocket`,
      domain: 'localhost',
      username: 'Carol',
      password: 'secret',
    };
    expect(await registerAccount(wish)).toBe('carol@localhost');
    await expect(registerAccount(wish)).rejects.toMatchObject({ condition: 'conflict' });
    const carol = await world.online('carol');
    await carol.stop();
  });

  it('is over at once where nobody listens', async () => {
    const wish = { service: 'ws://127.0.0.1:9/', domain: 'localhost', username: 'dave', password: 'secret' };
    await expect(registerAccount(wish)).rejects.toMatchObject({ condition: 'connection-lost' });
  });

  it('XEP-0077 §3.1 is refused where the server takes no registrations', async () => {
    await using closed = { world: await World.start(), [Symbol.asyncDispose]: () => closed.world.stop() };
    const service = `ws://127.0.0.1:${closed.world.port}/xmpp-websocket`;
    const wish = { service, domain: 'localhost', username: 'erin', password: 'secret' };
    await expect(registerAccount(wish)).rejects.toMatchObject({ condition: 'refused' });
  });

  it.each(['SCRAM-SHA-256', 'SCRAM-SHA-512', 'PLAIN'])(
    'RFC 4616 RFC 5802 §2.2: %s, with a name and a password that are not ASCII; then with the token',
    async (mechanism) => {
      await using own = {
        world: await World.start('registration.enabled=true', `auth.mechanisms=["${mechanism}"]`),
        [Symbol.asyncDispose]: () => own.world.stop(),
      };
      const service = `ws://127.0.0.1:${own.world.port}/xmpp-websocket`;
      const jürgen = { username: 'jürgen', password: 'Schlüssel\u00A0🔑 №5' };
      await registerAccount({ service, domain: 'localhost', ...jürgen });
      const options = { token: new Drawer(), deviceId: crypto.randomUUID() };
      const first = await own.world.online('jürgen', { ...options, password: jürgen.password });
      expect(first.account).toBe('jürgen@localhost');
      await first.stop();
      await (await own.world.onlineWithToken('jürgen', options)).stop();
      await expect(own.world.online('jürgen', { password: 'Schlussel' })).rejects.toMatchObject({
        condition: 'refused',
      });
    },
  );
});
