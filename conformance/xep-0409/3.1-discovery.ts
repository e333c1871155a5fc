import { NS } from '@tutti/xmpp';
import { openStream } from '../client/login.ts';
import { capsHash } from '../client/caps.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';

export default section(
  'xep-0409',
  '3.1',
  'Discovering support',
  { stands: ['tcp', 'ws'], needs: ['im-ng'] },
  ({ test }) => {
    test('E1 §3.1 the domain announces IM-NG', async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const features = (await alice.phone.disco()).child('query', NS.discoInfo)?.childrenNamed('feature') ?? [];
      check(
        features.some((feature) => feature.attrs['var'] === NS.imNg),
        'no urn:xmpp:im-ng:0 in disco#info of the domain',
      );
    });

    test("E1 §3.1 the account's bare JID announces IM-NG", async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const features =
        (await alice.phone.disco(alice.jid)).child('query', NS.discoInfo)?.childrenNamed('feature') ?? [];
      check(
        features.some((feature) => feature.attrs['var'] === NS.imNg),
        'no urn:xmpp:im-ng:0 in disco#info of the account',
      );
    });

    test('E1 XEP-0115 §6.3 the hash in the stream features is that of a disco#info with IM-NG in it', async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const caps = alice.phone.features.child('c', NS.caps);
      check(caps !== undefined, 'no caps in the stream features');
      const { node, ver, hash } = caps.attrs;
      check(hash === 'sha-1', `hash is ${hash}`);
      const query = await alice.phone.disco();
      const info = query.child('query', NS.discoInfo);
      check(
        info !== undefined && capsHash(info) === ver,
        `the hash ${ver} of ${node} does not fit ${query.toString()}`,
      );
    });

    test(
      "E1 E5 XEP-0386 §3.1 IM-NG stands among Bind 2's inline features",
      async (stage) => {
        const { wire, features } = await openStream(stage.address);
        await wire.close();
        const bind = features.child('authentication', NS.sasl2)?.child('inline')?.child('bind', NS.bind2);
        const inline = bind?.child('inline')?.childrenNamed('feature') ?? [];
        check(
          inline.some((feature) => feature.attrs['var'] === NS.imNg),
          `no IM-NG in ${features.toString()}`,
        );
      },
      ['sasl2'],
    );
  },
);
