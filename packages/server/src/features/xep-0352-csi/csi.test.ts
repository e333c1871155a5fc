import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { bindInline } from '../../../test/bind2.ts';
import { comeOnline, friends, heard, say } from '../../../test/contacts.ts';
import { createWorld } from '../../../test/world.ts';

const csi = (name: string): Element => xml(name, { xmlns: NS.csi });
const show = (text: string): Element => xml('presence', null, xml('show', null, text));

describe('XEP-0352 client state', () => {
  it('§4.1 is a stream feature', async () => {
    const world = await createWorld();
    expect(world.host.sessionFeatures('localhost').map(({ ns }) => ns)).toContain('urn:xmpp:csi:0');
    expect(world.host.bind2Features()).toContain('urn:xmpp:csi:0');
  });

  it('§3.2 while inactive presence waits; when active again the latest comes', async () => {
    const { world, romeo, juliet } = await friends();
    await say(world, romeo, csi('inactive'));
    await say(world, juliet, show('away'), show('xa'));
    expect(heard(romeo)).toEqual([]);
    await say(world, romeo, csi('active'));
    expect(romeo.take().map((presence) => presence.child('show')?.text())).toEqual(['xa']);
  });

  it('§5.1 what waits comes before the answer to what was asked after', async () => {
    const { world, romeo, juliet } = await friends();
    await say(world, romeo, csi('inactive'));
    await say(world, juliet, show('away'));
    await say(
      world,
      romeo,
      csi('active'),
      xml('iq', { type: 'get', id: 'p', to: 'localhost' }, xml('ping', { xmlns: NS.ping })),
    );
    expect(romeo.take().map(({ name }) => name)).toEqual(['presence', 'iq']);
  });

  it('§3.2 a message comes at once, and what waits before it', async () => {
    const { world, romeo, juliet } = await friends();
    await say(world, romeo, csi('inactive'));
    await say(
      world,
      juliet,
      show('away'),
      xml('message', { to: 'romeo@localhost', type: 'chat' }, xml('body', null, 'hi')),
    );
    expect(romeo.take().map(({ name }) => name)).toEqual(['presence', 'message']);
  });

  it('§4.2 has nothing to do with presence', async () => {
    const { world, romeo, juliet } = await friends();
    await say(world, romeo, csi('inactive'), csi('inactive'), csi('active'), csi('active'));
    expect(heard(juliet)).toEqual([]);
    expect(romeo.view.priority).toBe(0);
  });

  it('XEP-0386 §3 is told inline', async () => {
    const { world, romeo, juliet } = await friends();
    romeo.close();
    const tomb = await bindInline(world, 'romeo@localhost/tomb', csi('inactive'));
    await say(world, tomb, xml('presence'));
    await say(world, juliet, show('away'));
    expect(heard(tomb)).toEqual([]);
    await say(world, tomb, csi('active'));
    expect(heard(tomb)).toContain('available from juliet@localhost/balcony');
  });

  it('§5.2 is active again after a resumption', async () => {
    const { world, romeo, juliet } = await friends(['limits.sm_resume_timeout="1 minute"']);
    romeo.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
    await world.settle();
    const id = romeo.take()[0]?.attrs['id'] as string;
    await say(world, romeo, csi('inactive'));
    await say(world, juliet, show('away'));
    romeo.cut();
    await romeo.resume(id, 0);
    await world.settle();
    expect(heard(romeo)).toEqual(['available from juliet@localhost/balcony']);
    await say(world, juliet, show('xa'));
    expect(heard(romeo)).toEqual(['available from juliet@localhost/balcony']);
  });

  it('I8 no more presence waits than may wait for a slow client', async () => {
    const { world, romeo, juliet } = await friends(['limits.outbox_bytes=2000']);
    await say(world, romeo, csi('inactive'));
    const status = (name: string): Element => xml('presence', null, xml('status', null, name.repeat(600)));
    await say(world, juliet, status('a'), status('b'), status('c')); // the latest of one sender only
    expect(heard(romeo)).toEqual([]);
    const others = ['chamber', 'tomb', 'hall'].map((resource) => `juliet@localhost/${resource}`);
    for (const full of others) await say(world, await comeOnline(world, full), status('d'));
    expect(heard(romeo)).toContain('available from juliet@localhost/balcony');
    await say(world, romeo, csi('active'));
    expect(new Set(heard(romeo)).size).toBeLessThan(4);
  });
});
