import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until, World } from './world.ts';

describe('a connection in doubt', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  it('is tried at once when there is a network again, whatever the wait', async () => {
    const network = await world.network();
    const alice = await world.account('alice');
    const phone = await world.online(alice, { reconnect: { firstMs: 1_000_000_000, maxMs: 0 } }, network.port);
    network.fail();
    await until(
      () => phone.status === 'waiting',
      () => phone.status,
    );
    network.restore();
    await phone.checkConnection();
    await expect.poll(() => phone.status).toBe('online');
  });

  it('is given up when the server does not answer, and comes back', async () => {
    const network = await world.network();
    const alice = await world.account('alice');
    const phone = await world.online(alice, { limits: { answerMs: 30_000 } }, network.port);
    const seen: string[] = [];
    phone.on('status', (status) => seen.push(status));
    await phone.checkConnection();
    expect(seen).toEqual([]);
    network.deafen();
    await phone.checkConnection();
    await until(
      () => phone.status === 'online' && seen.includes('waiting'),
      () => seen.join(),
    );
  });
});
