import { NS, xml } from '@tutti/xmpp';
import { checkNothing, checkResult } from '../checks.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';

const enable = () => xml('enable', { xmlns: NS.carbons });
const disable = () => xml('disable', { xmlns: NS.carbons });

export default section('xep-0280', '4', 'Enabling and disabling Carbons', { needs: ['carbons'] }, ({ test }) => {
  test('§3 announced by the server', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const vars = [alice.jid, stage.domain].map((to) => alice.phone.disco(to));
    const features = (await Promise.all(vars)).flatMap(
      (answer) => answer.child('query', NS.discoInfo)?.childrenNamed('feature') ?? [],
    );
    check(
      features.some((feature) => feature.attrs['var'] === NS.carbons),
      'no urn:xmpp:carbons:2',
    );
  });

  test('§9.1 enabling and disabling twice gives results', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    for (const payload of [disable(), enable(), enable(), disable(), disable(), enable()])
      checkResult(await alice.phone.iq('set', payload));
  });

  test('§4 off until enabled, off again after disabling', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy tv=legacy' });
    alice.phone.message({ to: bob.tv.jid, type: 'chat' }, 'before');
    checkNothing((await stage.news(alice.phone)).get(bob.phone), 'a session without Carbons');
    await bob.phone.enableCarbons();
    alice.phone.message({ to: bob.tv.jid, type: 'chat' }, 'while on');
    check((await stage.news(alice.phone)).get(bob.phone)?.length === 1, 'no carbon while they are on');
    checkResult(await bob.phone.iq('set', disable()));
    alice.phone.message({ to: bob.tv.jid, type: 'chat' }, 'after');
    checkNothing((await stage.news(alice.phone)).get(bob.phone), 'a session that has disabled Carbons');
  });

  test('§4 each session decides for itself', async (stage) => {
    const { alice, bob } = await stage.cast({
      alice: 'phone=legacy',
      bob: 'phone=legacy,carbons tv=legacy old=legacy',
    });
    alice.phone.message({ to: bob.tv.jid, type: 'chat' }, 'hello');
    const news = await stage.news(alice.phone);
    check(news.get(bob.phone)?.length === 1, 'no carbon');
    checkNothing(news.get(bob.old), 'a session without Carbons');
  });
});
