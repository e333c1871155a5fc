import { NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs } from '../checks.ts';
import { capsHash } from '../client/caps.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';

const info = (node?: string) => xml('query', { xmlns: NS.discoInfo, node });
const items = (node?: string) => xml('query', { xmlns: NS.discoItems, node });

export default section('xep-0030', '3', 'Discovering information', {}, ({ test }) => {
  test('§3.1 the domain is a server of instant messaging and names its features once each', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const query = (await alice.phone.ask('get', info(), stage.domain)).child('query', NS.discoInfo);
    const identities = query?.childrenNamed('identity').map(({ attrs }) => `${attrs['category']}/${attrs['type']}`);
    check(identities?.includes('server/im'), `identities: ${identities?.join(', ')}`);
    const vars = query?.childrenNamed('feature').map(({ attrs }) => attrs['var']) ?? [];
    check(vars.includes(NS.discoInfo), 'disco#info is missing among the features');
    checkEqual(new Set(vars).size, vars.length, 'the number of different features');
  });

  test('§3.1 without an address the own account answers', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const query = (await alice.phone.ask('get', info())).child('query', NS.discoInfo);
    const identities = query?.childrenNamed('identity').map(({ attrs }) => `${attrs['category']}/${attrs['type']}`);
    check(identities?.includes('account/registered'), `identities: ${identities?.join(', ')}`);
  });

  test('§3.2 an unknown node: <item-not-found/>', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    checkErrorIs(await alice.phone.iq('get', info('no-such-node'), stage.domain), 'item-not-found');
  });

  test('§4.1 items of the domain are a result, possibly an empty one', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    check(
      (await alice.phone.ask('get', items(), stage.domain)).child('query', NS.discoItems) !== undefined,
      'no query',
    );
  });

  test('§3.1 type set is refused', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    checkErrorIs(await alice.phone.iq('set', info(), stage.domain), [
      'bad-request',
      'not-allowed',
      'feature-not-implemented',
      'service-unavailable',
    ]);
  });

  test(
    "§8 a stranger's account tells neither its resources nor whether it exists",
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      const nobody = await alice.phone.iq('get', items(), `nobody-of-that-name@${stage.domain}`);
      const answer = await alice.phone.iq('get', items(), bob.jid);
      check(!answer.toString().includes(bob.phone.jid), `tells the resource: ${answer.toString()}`);
      const condition = (iq: typeof answer) => iq.child('error')?.elements.map(({ name }) => name);
      checkEqual(
        [answer.attrs['type'], condition(answer)],
        [nobody.attrs['type'], condition(nobody)],
        'the answer compared with that of no account',
      );
    },
    ['restart'],
  );

  test(
    'XEP-0115 §6.3 the hash in the stream features fits disco#info of the domain, asked with its node',
    async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const caps = alice.phone.features.child('c', NS.caps);
      check(caps !== undefined, 'no caps in the stream features');
      const { node = '', ver = '' } = caps.attrs;
      for (const asked of [undefined, `${node}#${ver}`]) {
        const query = (await alice.phone.ask('get', info(asked), stage.domain)).child('query', NS.discoInfo);
        checkEqual(query && capsHash(query), ver, `the hash of ${asked ?? 'no node'}`);
      }
    },
    ['caps'],
  );

  test('XEP-0092 §2 XEP-0202 §2 XEP-0199 §4 version, time and ping of the server', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const version = await alice.phone.ask('get', xml('query', { xmlns: NS.version }), stage.domain);
    check(version.child('query', NS.version)?.child('name')?.text(), 'no name');
    const time = (await alice.phone.ask('get', xml('time', { xmlns: NS.time }), stage.domain)).child('time', NS.time);
    check(Math.abs(Date.parse(time?.child('utc')?.text() ?? '') - Date.now()) < 60_000, 'another time');
    check(/^(Z|[+-]\d\d:\d\d)$/.test(time?.child('tzo')?.text() ?? ''), 'no time zone');
    checkEqual(
      (await alice.phone.ask('get', xml('ping', { xmlns: NS.ping }), stage.domain)).elements.length,
      0,
      'children of the pong',
    );
  });
});
