import { NS, xml } from '@tutti/xmpp';
import { checkEqual } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { section } from '../suite.ts';

export default section('xep-0198', '4', 'Acks', { needs: ['sm'], stands: ['tcp', 'ws'] }, ({ test }) => {
  test('§4 <r/> is answered with the number of stanzas handled, from 0', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await alice.phone.enableSm();
    checkEqual(await askH(alice.phone), '0', 'h after <enabled/>');
    alice.phone.message({ to: bob.jid, type: 'chat' }, 'one');
    alice.phone.presence();
    await alice.phone.iq('get', xml('ping', { xmlns: NS.ping }), stage.domain);
    await alice.phone.acknowledged();
    checkEqual(await askH(alice.phone), '3', 'h after three stanzas');
  });

  test('§4 <r/> and <a/> themselves are not counted', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    await alice.phone.enableSm();
    for (let count = 0; count < 3; count += 1) await askH(alice.phone);
    alice.phone.wire.send(xml('a', { xmlns: NS.sm, h: 0 }));
    checkEqual(await askH(alice.phone), '0', 'h');
  });

  test('§4 a stanza that is refused counts as handled', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    await alice.phone.enableSm();
    await alice.phone.iq('get', xml('query', { xmlns: 'urn:example:unknown' }), stage.domain);
    await alice.phone.acknowledged();
    checkEqual(await askH(alice.phone), '1', 'h');
  });

  test('§4 a message to somebody offline is acknowledged', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const bob = await stage.account('bob');
    await alice.phone.enableSm();
    alice.phone.message({ to: bob.jid, type: 'chat' }, 'hello');
    await alice.phone.acknowledged();
  });

  test('§6 h of more than was sent ends the stream with <undefined-condition/> and <handled-count-too-high/>', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    await alice.phone.enableSm();
    alice.phone.wire.send(xml('a', { xmlns: NS.sm, h: 1000 }));
    await alice.phone.wire.waitClosed();
    const error = alice.phone.wire.streamError;
    const names = error?.elements.map(({ name }) => name).filter((name) => name !== 'text');
    checkEqual(names, ['undefined-condition', 'handled-count-too-high'], 'the stream error');
  });
});

async function askH(device: Device): Promise<string | undefined> {
  const answer = device.expect((element) => element.is('a', NS.sm));
  device.wire.send(xml('r', { xmlns: NS.sm }));
  return (await answer).attrs['h'];
}
