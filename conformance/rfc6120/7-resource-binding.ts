import { NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs } from '../checks.ts';
import { authenticate, bind } from '../client/login.ts';
import { Device } from '../client/device.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';

export default section('rfc6120', '7', 'Resource binding', { stands: ['tcp', 'ws', 'bosh'] }, ({ test }) => {
  test('§7.7 the resource asked for is bound', async (stage) => {
    const { alice } = await stage.cast({ alice: 'balcony=legacy' });
    checkEqual(alice.balcony.jid, `${alice.jid}/balcony`, 'the full JID');
  });

  test('§7.6 without a wish the server makes one, a different one each time', async (stage) => {
    const account = await stage.account('alice');
    const devices = [
      await Device.connect('one', stage.address, account),
      await Device.connect('two', stage.address, account),
    ];
    for (const device of devices) stage.keep(device);
    const [one, two] = devices.map(({ resource }) => resource);
    check(one !== undefined && one !== '' && one !== two, `resources ${one} and ${two}`);
  });

  test('§7.7.2.2 a resource that is in use: conflict, another one, or the old session ends', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const { wire } = await authenticate(stage.address, alice.account);
    const jid = await bind(wire, 'phone').catch((error: Error) => error.message);
    if (jid === alice.phone.jid) {
      await alice.phone.wire.waitClosed();
      checkEqual(alice.phone.wire.streamError?.elements[0]?.name, 'conflict', 'how the old session ends');
    } else check(jid.includes('conflict') || jid.startsWith(`${alice.jid}/`), `the answer: ${jid}`);
    await wire.close();
  });

  test('§7.7.2.1 a malformed resource is refused or changed, and the stream goes on', async (stage) => {
    const { wire } = await authenticate(stage.address, await stage.account('alice'));
    wire.send(
      xml('iq', { type: 'set', id: 'bind' }, xml('bind', { xmlns: NS.bind }, xml('resource', null, 'x'.repeat(2000)))),
    );
    const answer = await wire.read((element) => element.name === 'iq');
    if (answer.attrs['type'] === 'error') checkErrorIs(answer, ['bad-request', 'jid-malformed', 'not-acceptable']);
    else check((answer.child('bind', NS.bind)?.child('jid')?.text() ?? '').length < 2000, 'bound as asked');
    await wire.close();
  });

  test('§7.1 stanzas before binding are refused', async (stage) => {
    const { wire } = await authenticate(stage.address, await stage.account('alice'));
    wire.send(xml('message', { to: stage.domain }, xml('body', null, 'hello')));
    await wire.waitClosed().catch(() => undefined);
    const refused =
      wire.streamError !== undefined || (await wire.read().catch(() => undefined))?.attrs['type'] === 'error';
    check(refused, 'it was accepted');
  });
});
