import { type Element, NS, xml } from '@tutti/xmpp';
import { bodies, checkEqual, checkErrorIs, checkNothing, checkResult } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { check } from '../failure.ts';
import { fetchRoster, presencesIn } from '../roster.ts';
import { section } from '../suite.ts';

export default section('xep-0191', '3', 'Blocking', { needs: ['blocking'] }, ({ test }) => {
  test('§3.2 the list is empty at first, and then has what was blocked', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    checkEqual(await listOf(alice.phone), [], 'the list');
    for (const jid of ['one@remote.invalid', 'two@remote.invalid/x', 'remote.invalid'])
      await stage.block(alice.phone, jid);
    checkEqual(
      (await listOf(alice.phone)).sort(),
      ['one@remote.invalid', 'remote.invalid', 'two@remote.invalid/x'],
      'the list',
    );
  });

  test('§3.3 §3.4 sessions that have asked for the list are told of changes', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy tv=legacy other=legacy' });
    for (const device of [alice.phone, alice.tv]) await listOf(device);
    await stage.settle();
    await stage.block(alice.phone, 'foe@remote.invalid');
    const blocked = await stage.news(alice.phone);
    for (const device of [alice.phone, alice.tv])
      checkEqual(pushesOf(blocked.get(device)), ['block foe@remote.invalid'], device.name);
    checkNothing(blocked.get(alice.other), 'a session that did not ask');
    checkResult(
      await alice.phone.iq('set', xml('unblock', { xmlns: NS.blocking }, xml('item', { jid: 'foe@remote.invalid' }))),
    );
    checkEqual(pushesOf((await stage.news(alice.phone)).get(alice.tv)), ['unblock foe@remote.invalid'], 'the push');
  });

  test('§3.3 from somebody blocked: messages and IQs are refused, presence is dropped', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await stage.block(alice.phone, bob.jid);
    await stage.settle();
    bob.phone.message({ to: alice.jid, type: 'chat' }, 'hello');
    checkErrorIs((await stage.news(bob.phone)).get(bob.phone)?.[0] ?? xml('nothing'), 'service-unavailable');
    checkErrorIs(
      await bob.phone.iq('get', xml('query', { xmlns: NS.version }), alice.phone.jid),
      'service-unavailable',
    );
    for (const type of [undefined, 'subscribe', 'probe']) bob.phone.presence({ type, to: alice.jid });
    const news = await stage.news(bob.phone);
    checkNothing(news.get(alice.phone), 'the blocking side');
    checkEqual(
      presencesIn(news.get(bob.phone) ?? []).filter((one) => one.startsWith('available')),
      [],
      'what the blocked side learns',
    );
  });

  test('§3.3 to somebody blocked: <not-acceptable/> with <blocked/>', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await stage.block(alice.phone, bob.jid);
    await stage.settle();
    alice.phone.message({ to: bob.jid, type: 'chat' }, 'hello');
    const news = await stage.news(alice.phone);
    const [error] = news.get(alice.phone) ?? [];
    checkErrorIs(error ?? xml('nothing'), 'not-acceptable');
    check(error?.child('error')?.child('blocked', NS.blockingErrors) !== undefined, 'no <blocked/>');
    checkNothing(news.get(bob.phone), 'the blocked side');
  });

  test('§3.4 after unblocking, messages come through', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await stage.block(alice.phone, bob.jid);
    checkResult(await alice.phone.iq('set', xml('unblock', { xmlns: NS.blocking }, xml('item', { jid: bob.jid }))));
    await stage.settle();
    bob.phone.message({ to: alice.jid, type: 'chat' }, 'hello');
    checkEqual(bodies((await stage.news(bob.phone)).get(alice.phone) ?? []), ['hello'], 'what alice sees');
  });

  test('§3.5 unblocking all', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    for (const jid of ['one@remote.invalid', 'two@remote.invalid']) await stage.block(alice.phone, jid);
    checkResult(await alice.phone.iq('set', xml('unblock', { xmlns: NS.blocking })));
    checkEqual(await listOf(alice.phone), [], 'the list');
  });

  test('§3.3 blocking makes unavailable, unblocking available again', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    for (const device of [alice.phone, bob.phone]) await fetchRoster(device);
    await stage.befriend(alice.phone, bob.phone);
    await stage.block(alice.phone, bob.jid);
    check(
      presencesIn((await stage.news(alice.phone)).get(bob.phone) ?? []).includes(`unavailable ${alice.phone.jid}`),
      'bob still sees alice',
    );
    await alice.phone.ask('set', xml('unblock', { xmlns: NS.blocking }, xml('item', { jid: bob.jid })));
    check(
      presencesIn((await stage.news(alice.phone)).get(bob.phone) ?? []).includes(`available ${alice.phone.jid}`),
      'bob does not see alice again',
    );
  });

  const matches = [
    ['a resource', (bob: Device) => bob.jid, true],
    ['another resource', (bob: Device) => `${bob.bare}/other`, false],
    ['the domain', (bob: Device) => bob.domain, true],
    ['another domain', () => 'remote.invalid', false],
  ] as const;
  for (const [what, jid, blocked] of matches) {
    test(`§5 ${what} blocked: ${blocked ? 'refused' : 'comes through'}`, async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      await stage.block(alice.phone, jid(bob.phone));
      await alice.phone.iq('get', xml('ping', { xmlns: NS.ping }));
      bob.phone.message({ to: alice.phone.jid, type: 'chat' }, 'hello');
      await bob.phone.iq('get', xml('ping', { xmlns: NS.ping }));
      await new Promise((resolve) => setTimeout(resolve, 50));
      await alice.phone.iq('get', xml('ping', { xmlns: NS.ping }));
      checkEqual(bodies(alice.phone.news()), blocked ? [] : ['hello'], 'what alice sees');
    });
  }

  for (const [what, payload] of [
    ['blocking nothing', xml('block', { xmlns: NS.blocking })],
    ['blocking an item without address', xml('block', { xmlns: NS.blocking }, xml('item'))],
    ['blocking a malformed address', xml('block', { xmlns: NS.blocking }, xml('item', { jid: '@@' }))],
  ] as const) {
    test(`§3.3 ${what} is refused`, async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      checkErrorIs(await alice.phone.iq('set', payload), ['bad-request', 'jid-malformed']);
      checkEqual(await listOf(alice.phone), [], 'the list');
    });
  }
});

async function listOf(device: Device): Promise<string[]> {
  const answer = await device.ask('get', xml('blocklist', { xmlns: NS.blocking }));
  return itemsOf(answer.child('blocklist', NS.blocking));
}

function itemsOf(list: Element | undefined): string[] {
  return list?.childrenNamed('item').map((item) => item.attrs['jid'] ?? '') ?? [];
}

function pushesOf(stanzas: readonly Element[] = []): string[] {
  return stanzas.flatMap((stanza) =>
    stanza.elements.filter(({ ns }) => ns === NS.blocking).map((push) => `${push.name} ${itemsOf(push).join(' ')}`),
  );
}
