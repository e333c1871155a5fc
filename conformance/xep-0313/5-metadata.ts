import { NS, xml } from '@tutti/xmpp';
import { checkEqual } from '../checks.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';
import { fillArchive } from './archive-fixture.ts';

export default section('xep-0313', '5', 'Metadata and support', { needs: ['mam'] }, ({ test }) => {
  test(
    '§5 metadata of an empty archive is empty',
    async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const answer = await alice.phone.ask('get', xml('metadata', { xmlns: NS.mam }));
      checkEqual(answer.child('metadata', NS.mam)?.elements.length, 0, 'the number of children');
    },
    ['mam-extended'],
  );

  test(
    '§5 metadata names the first and the last message',
    async (stage) => {
      const { alice, id, rows } = await fillArchive(stage);
      const metadata = (await alice.ask('get', xml('metadata', { xmlns: NS.mam }))).child('metadata', NS.mam);
      const seen = ['start', 'end'].map((name) => metadata?.child(name)?.attrs);
      checkEqual(
        seen.map((attrs) => attrs?.['id']),
        [id(1), id(10)],
        'the ids',
      );
      checkEqual(
        seen.map((attrs) => attrs?.['timestamp']),
        [rows[0]?.at, rows[9]?.at],
        'the times',
      );
    },
    ['mam-extended'],
  );

  test("§7 announced by the account's bare JID", async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const features = (await alice.phone.disco(alice.jid)).child('query', NS.discoInfo)?.childrenNamed('feature') ?? [];
    check(
      features.some((feature) => feature.attrs['var'] === NS.mam),
      'no urn:xmpp:mam:2',
    );
  });
});
