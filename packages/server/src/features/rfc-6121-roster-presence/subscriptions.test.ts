import { xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { befriend, comeOnline, heard, rosterOf, say, subscription } from '../../../test/contacts.ts';
import type { Device } from '../../../test/device.ts';
import { createWorld, type World } from '../../../test/world.ts';

const ROMEO = 'romeo@localhost';
const JULIET = 'juliet@localhost';

async function twoOnline(settings: string[] = []): Promise<{ world: World; romeo: Device; juliet: Device }> {
  const world = await createWorld({ settings });
  const romeo = await comeOnline(world, 'romeo@localhost/orchard');
  const juliet = await comeOnline(world, 'juliet@localhost/balcony');
  return { world, romeo, juliet };
}

describe('a subscription', () => {
  it('§3.1 is asked for, approved, and shows presence at once', async () => {
    const { world, romeo, juliet } = await twoOnline();
    await say(world, romeo, xml('presence', { type: 'subscribe', to: 'juliet@localhost/balcony', id: 'r1' }));
    expect(heard(romeo)).toEqual(['push juliet@localhost none asked']);
    const [request] = juliet.take();
    expect(request?.attrs).toMatchObject({ type: 'subscribe', from: ROMEO, to: JULIET, id: 'r1' });
    expect(await rosterOf(juliet)).toEqual([]);
    await say(world, juliet, subscription('subscribed', ROMEO));
    expect(heard(juliet)).toEqual(['push romeo@localhost from']);
    expect(heard(romeo)).toEqual([
      'subscribed from juliet@localhost',
      'push juliet@localhost to',
      'available from juliet@localhost/balcony',
    ]);
    expect(world.problems).toEqual([]);
  });
});
