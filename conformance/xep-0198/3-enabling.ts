import { NS, xml } from '@tutti/xmpp';
import { checkEqual } from '../checks.ts';
import { authenticate } from '../client/login.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';

export default section(
  'xep-0198',
  '3',
  'Enabling stream management',
  { needs: ['sm'], stands: ['tcp', 'ws'] },
  ({ test }) => {
    test('§2 announced after authentication', async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      check(alice.phone.features.child('sm', NS.sm) !== undefined, `no <sm/> in ${alice.phone.features.toString()}`);
    });

    test('§3 <enabled/> with an id when resumption was asked for', async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const { name, attrs } = await alice.phone.enableSm(true);
      checkEqual(name, 'enabled', 'the answer');
      check(['true', '1'].includes(attrs['resume'] ?? '') && (attrs['id'] ?? '').length > 0, 'no resumption');
    });

    test('§3 no resumption when it was not asked for', async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const { name, attrs } = await alice.phone.enableSm(false);
      checkEqual([name, ['true', '1'].includes(attrs['resume'] ?? '')], ['enabled', false], 'the answer');
    });

    test('§3 before binding: <failed/>, and the stream goes on', async (stage) => {
      const { wire } = await authenticate(stage.address, await stage.account('alice'));
      wire.send(xml('enable', { xmlns: NS.sm }));
      const answer = await wire.read();
      checkEqual([answer.name, answer.ns], ['failed', NS.sm], 'the answer');
      check(
        answer.child('unexpected-request', NS.stanzas) !== undefined,
        `must be <unexpected-request/>: ${answer.toString()}`,
      );
      await wire.close();
    });

    test('§3 twice: a stream error (the text) or <failed/> with <unexpected-request/> (the example)', async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      await alice.phone.enableSm();
      const answer = alice.phone
        .expect((element) => element.ns === NS.sm && element.name === 'failed')
        .catch(() => undefined);
      alice.phone.wire.send(xml('enable', { xmlns: NS.sm }));
      const failed = await answer;
      if (failed === undefined) check(alice.phone.wire.streamError !== undefined, 'the stream ended without an error');
      else
        check(failed.child('unexpected-request', NS.stanzas) !== undefined, `another condition: ${failed.toString()}`);
    });
  },
);
