import { NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs } from '../checks.ts';
import { check } from '../failure.ts';
import { publish, pubsub } from '../pep.ts';
import { section } from '../suite.ts';
import { makeNode, serviceOf } from './people.ts';

const info = (node?: string) => xml('query', { xmlns: NS.discoInfo, node });
const items = (node?: string) => xml('query', { xmlns: NS.discoItems, node });

export default section('xep-0060', '5', 'Entity use cases', { needs: ['pubsub'] }, ({ test }) => {
  test('§5.1 the service is among the items of the domain, and says what it is', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const service = serviceOf(alice.phone);
    const list = (await alice.phone.ask('get', items(), stage.domain)).child('query', NS.discoItems);
    check(
      list?.elements.some(({ attrs }) => attrs['jid'] === service),
      'not among the items',
    );
    const query = (await alice.phone.ask('get', info(), service)).child('query', NS.discoInfo);
    const identities = query?.childrenNamed('identity').map(({ attrs }) => `${attrs['category']}/${attrs['type']}`);
    check(identities?.includes('pubsub/service'), `identities: ${identities?.join(', ')}`);
  });

  test('§5.2 §5.3 a node that anybody may read is listed, and described', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const service = serviceOf(alice.phone);
    const node = await makeNode(alice.phone, { access_model: 'open', title: 'A title' });
    const list = (await bob.phone.ask('get', items(), service)).child('query', NS.discoItems);
    check(
      list?.elements.some(({ attrs }) => attrs['node'] === node),
      'not among the items',
    );
    const query = (await bob.phone.ask('get', info(node), service)).child('query', NS.discoInfo);
    checkEqual(query?.child('identity')?.attrs['type'], 'leaf', 'the type');
    check(query?.child('x', NS.dataForms)?.toString().includes('A title'), '§5.4 no title among the metadata');
    checkErrorIs(await bob.phone.iq('get', info('no-such-node'), service), 'item-not-found');
  });

  test(
    '§5.2 a node that is for others is not',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      const service = serviceOf(alice.phone);
      const node = await makeNode(alice.phone, { access_model: 'whitelist' });
      const list = (await bob.phone.ask('get', items(), service)).child('query', NS.discoItems);
      check(
        list?.elements.every(({ attrs }) => attrs['node'] !== node),
        'it is listed',
      );
      checkErrorIs(await bob.phone.iq('get', info(node), service), 'item-not-found');
    },
    ['pubsub-complete'],
  );

  test('§5.5 the items of a node', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const service = serviceOf(alice.phone);
    const node = await makeNode(alice.phone, { access_model: 'open' });
    await alice.phone.ask('set', publish(node, 'a', xml('x', { xmlns: 'urn:test' })), service);
    const list = (await bob.phone.ask('get', items(node), service)).child('query', NS.discoItems);
    checkEqual(
      list?.childrenNamed('item').map(({ attrs }) => attrs['name']),
      ['a'],
      'the items',
    );
  });

  test('§5.6 §5.7 what somebody has at the service', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const service = serviceOf(alice.phone);
    const node = await makeNode(alice.phone, { access_model: 'open' });
    await bob.phone.ask('set', pubsub(xml('subscribe', { node, jid: bob.jid })), service);
    const subscriptions = await bob.phone.ask('get', pubsub(xml('subscriptions')), service);
    const found = subscriptions.child('pubsub', NS.pubsub)?.child('subscriptions')?.elements ?? [];
    const about = found.map(({ attrs }) => `${attrs['node']} ${attrs['jid']} ${attrs['subscription']}`);
    checkEqual(about, [`${node} ${bob.jid} subscribed`], 'the subscriptions');
    const affiliations = await alice.phone.ask('get', pubsub(xml('affiliations')), service);
    const own = affiliations.child('pubsub', NS.pubsub)?.child('affiliations')?.elements ?? [];
    check(
      own.some(({ attrs }) => attrs['node'] === node && attrs['affiliation'] === 'owner'),
      'no owner',
    );
  });
});
