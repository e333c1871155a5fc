import { NS, xml } from '@tutti/xmpp';
import { checkErrorIs } from '../checks.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';
import { askForSlot, request, uploadService } from './slot.ts';

export default section('xep-0363', '4', 'HTTP File Upload: discovery and slots', { needs: ['upload'] }, ({ test }) => {
  test('§4 the service is listed, says what it is, and how large a file may be', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const service = await uploadService(alice.phone);
    const info = (await alice.phone.iq('get', xml('query', { xmlns: NS.discoInfo }), service)).child(
      'query',
      NS.discoInfo,
    );
    const [identity] = info?.childrenNamed('identity') ?? [];
    check(
      identity?.attrs['category'] === 'store' && identity.attrs['type'] === 'file',
      `identity: ${info?.toString() ?? ''}`,
    );
    const fields = info?.child('x', NS.dataForms)?.childrenNamed('field') ?? [];
    const most = fields
      .find(({ attrs }) => attrs['var'] === 'max-file-size')
      ?.child('value')
      ?.text();
    check(Number(most) > 0, 'max-file-size is told');
  });

  test('§5 a slot: addresses in ASCII that keep the name, headers of the three allowed', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const slot = await askForSlot(alice.phone, 'très cool.jpg', 23456, 'image/jpeg');
    for (const url of [slot.put, slot.get]) {
      check(/^[\x21-\x7e]+$/.test(url), `the address must be ASCII: ${url}`);
      check(decodeURIComponent(url).split('?')[0]?.endsWith('.jpg') === true, `the ending must be kept: ${url}`);
    }
    for (const name of Object.keys(slot.headers)) {
      check(['authorization', 'cookie', 'expires'].includes(name.toLowerCase()), `no such header is allowed: ${name}`);
    }
  });

  test('§5 no name, no size, nothing in it: refused', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const service = await uploadService(alice.phone);
    const wrong = [
      xml('request', { xmlns: NS.httpUpload, size: 5 }),
      xml('request', { xmlns: NS.httpUpload, filename: 'a' }),
      xml('request', { xmlns: NS.httpUpload, filename: 'a', size: 'five' }),
      request('a', -5),
    ];
    for (const one of wrong) checkErrorIs(await alice.phone.iq('get', one, service), ['bad-request', 'not-acceptable']);
  });

  test('§7 too large: not-acceptable, and how large it may be', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const answer = await alice.phone.iq('get', request('a', 10 ** 14), await uploadService(alice.phone));
    checkErrorIs(answer, 'not-acceptable', 'modify');
    const told = answer.child('error')?.child('file-too-large', NS.httpUpload)?.child('max-file-size')?.text();
    check(Number(told) > 0, `max-file-size is told: ${answer.toString()}`);
  });
});
