import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until, World } from './world.ts';

describe('the own devices', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  it('are told by name, with how far they are, and one is logged out by another', async () => {
    const alice = await world.account('alice');
    const [phoneId, deskId] = [crypto.randomUUID(), crypto.randomUUID()];
    const phone = await world.online(alice, { deviceId: phoneId });
    const desk = await world.online(alice, {
      deviceId: deskId,
      token: { load: async () => undefined, save: async () => {} },
    });
    await desk.devices.nameThis('Desk');
    await phone.conversation(phone.account).send('note');
    const listed = await phone.devices.list();
    expect(listed.map(({ id }) => id).toSorted()).toEqual([phoneId, deskId].toSorted());
    const told = listed.find(({ id }) => id === deskId);
    expect(told).toMatchObject({ name: 'Desk', online: true });
    expect(told?.behind).toBeLessThanOrEqual(1);
    expect(Date.now() - (told?.lastSeen ?? 0)).toBeLessThan(60_000);

    const ended = new Promise<string>((resolve) => {
      desk.on('error', (error) => desk.status === 'offline' && resolve(error.message));
    });
    await phone.devices.revoke(deskId);
    expect(await ended).toContain('refused');
    await until(
      () => desk.status === 'offline',
      () => desk.status,
    );
    expect((await phone.devices.list()).map(({ id }) => id)).toEqual([phoneId]);
  });
});
