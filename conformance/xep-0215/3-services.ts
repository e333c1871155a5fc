import { createHmac } from 'node:crypto';
import { NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs, checkResult } from '../checks.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';

const services = (type?: string) => xml('services', { xmlns: NS.extdisco, type });

export default section('xep-0215', '3', 'External services', { needs: ['external-services'] }, ({ test }) => {
  test('§3.1 the services are listed, each with host and type', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const answer = await alice.phone.iq('get', services(), stage.domain);
    checkResult(answer);
    for (const { attrs } of answer.child('services', NS.extdisco)?.childrenNamed('service') ?? [])
      check(attrs['host'] !== undefined && attrs['type'] !== undefined, 'host and type are there');
  });

  test('§3.3 a service that nobody has: no credentials', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const wanted = xml('service', { host: 'nobody.invalid', type: 'turn' });
    const payload = xml('credentials', { xmlns: NS.extdisco }, wanted);
    const answer = await alice.phone.iq('get', payload, stage.domain);
    if (answer.attrs['type'] === 'error') checkErrorIs(answer, 'item-not-found');
    else checkEqual(answer.child('credentials', NS.extdisco)?.elements.length, 0, 'the number of services');
  });

  test(
    '§3.3 a TURN server: a password that it can compute, and that expires',
    async (stage) => {
      const { join, target } = await stage.ownServer([
        'external_services.relay.host=turn.example.org',
        'external_services.relay.secret=north',
        'external_services.relay.lifetime=10 minutes',
      ]);
      const phone = await join('alice', await target.account('alice'), 'phone=legacy');
      const answer = await phone.iq('get', services('turn'), target.domain);
      const {
        username = '',
        password,
        expires = '',
      } = answer.child('services', NS.extdisco)?.child('service')?.attrs ?? {};
      checkEqual(password, createHmac('sha1', 'north').update(username).digest('base64'), 'the password');
      const end = Number(username.split(':')[0]) * 1000;
      checkEqual(Date.parse(expires), end, 'the end');
      check(Math.abs(end - Date.now() - 600_000) < 60_000, `it must be ten minutes from now: ${expires}`);
    },
    ['restart'],
  );
});
