import { NS } from '@tutti/xmpp';
import { checkEqual } from '../checks.ts';
import { openStream } from '../client/login.ts';
import { Wire } from '../client/wire.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';

export default section('rfc6120', '4', 'XML streams', {}, ({ test }) => {
  test('§4.7 the header has the domain, a fresh id, version 1.0 and a language', async (stage) => {
    const ids = new Set<string | undefined>();
    for (let round = 0; round < 2; round += 1) {
      const wire = await Wire.connect(stage.address);
      await wire.open();
      const attrs = wire.header?.attrs ?? {};
      checkEqual([attrs['from'], attrs['version']], [stage.domain, '1.0'], 'from and version');
      check(attrs['xml:lang'] !== undefined, 'no xml:lang');
      ids.add(attrs['id']);
      await wire.close();
    }
    check(ids.size === 2 && !ids.has(undefined), 'the ids are not fresh');
  });

  test('§4.4 a closed stream is closed in return, and then the connection ends', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    await alice.phone.close();
    checkEqual(
      [alice.phone.wire.closed, alice.phone.wire.ended, alice.phone.wire.streamError],
      [true, true, undefined],
      'the end',
    );
  });

  test('§4.4 what was sent before the end of the stream is handled', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    alice.phone.message({ to: bob.jid, type: 'chat', id: 'last' }, 'last words');
    await alice.phone.close();
    await bob.phone.receive(({ attrs }) => attrs['id'] === 'last');
  });

  test('§4.9.3.6 a domain that is not served: <host-unknown/>', async (stage) => {
    const wire = await Wire.connect({ ...stage.address, domain: 'not-served.invalid' });
    await wire.open().catch(() => undefined);
    await wire.waitClosed();
    checkEqual(wire.streamError?.elements[0]?.name, 'host-unknown', 'the stream error');
  });

  test('§4.3.2 after TLS: SASL mechanisms, no STARTTLS; after SASL: bind, no SASL', async (stage) => {
    const { wire, features } = await openStream(stage.address);
    check(features.child('mechanisms', NS.sasl) !== undefined, 'no mechanisms');
    if (stage.address.tls !== 'none') check(features.child('starttls', NS.tls) === undefined, 'STARTTLS inside of TLS');
    await wire.close();
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    check(alice.phone.features.child('bind', NS.bind) !== undefined, 'no bind');
    check(alice.phone.features.child('mechanisms', NS.sasl) === undefined, 'SASL after SASL');
  });
});
