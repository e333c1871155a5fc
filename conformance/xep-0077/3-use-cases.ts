import { type Element, NS, readForm, writeForm, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs, checkResult } from '../checks.ts';
import { type Account, authenticate, localpart, LoginRefused, openStream } from '../client/login.ts';
import type { Wire } from '../client/wire.ts';
import { check } from '../failure.ts';
import type { Stage } from '../stage.ts';
import { section } from '../suite.ts';
import { freshLocalpart } from '../target.ts';

export default section('xep-0077', '3', 'In-band registration', { needs: ['register'] }, ({ test }) => {
  test('§3.1 the fields are asked for, an account is created, and can log in', async (stage) => {
    const { wire } = await openStream(stage.address);
    const fields = await request(wire, 'get', xml('query', { xmlns: NS.register }));
    const query = fields.child('query', NS.register);
    check(
      query?.child('username') !== undefined && query.child('password') !== undefined,
      `fields: ${fields.toString()}`,
    );
    const account = { jid: `${freshLocalpart('new')}@${stage.domain}`, password: 'secret' };
    checkResult(await request(wire, 'set', registration(account)));
    await wire.close();
    await (await authenticate(stage.address, account)).wire.close();
  });

  test('§4 §6 a data form, where there is one, has all that the fields have, and makes the account', async (stage) => {
    const { wire } = await openStream(stage.address);
    const query = (await request(wire, 'get', xml('query', { xmlns: NS.register }))).child('query', NS.register);
    const x = query?.child('x', NS.dataForms);
    const account = { jid: `${freshLocalpart('new')}@${stage.domain}`, password: 'secret' };
    if (x === undefined)
      checkResult(await request(wire, 'set', registration(account))); // §4: it is RECOMMENDED, not required
    else {
      const { formType, fields } = readForm(x);
      checkEqual(formType, NS.register, 'the type of the form');
      check(fields.has('username') && fields.has('password'), `fields: ${x.toString()}`);
      const filled = writeForm('submit', NS.register, [
        { var: 'username', value: localpart(account.jid) },
        { var: 'password', value: account.password },
      ]);
      checkResult(await request(wire, 'set', xml('query', { xmlns: NS.register }, filled)));
    }
    await wire.close();
    await (await authenticate(stage.address, account)).wire.close();
  });

  test('§3.1 an account that exists: <conflict/>', async (stage) => {
    const account = await stage.account('alice');
    const { wire } = await openStream(stage.address);
    checkErrorIs(await request(wire, 'set', registration({ ...account, password: 'other' })), 'conflict');
    await wire.close();
    await (await authenticate(stage.address, account)).wire.close();
  });

  for (const [what, query] of [
    ['no password', xml('query', { xmlns: NS.register }, xml('username', null, 'someone'))],
    ['no username', xml('query', { xmlns: NS.register }, xml('password', null, 'secret'))],
    [
      'a malformed username',
      xml('query', { xmlns: NS.register }, xml('username', null, 'a@b/c'), xml('password', null, 'secret')),
    ],
  ] as const) {
    test(`§3.1 ${what} is refused`, async (stage) => {
      const { wire } = await openStream(stage.address);
      checkErrorIs(await request(wire, 'set', query), ['not-acceptable', 'bad-request', 'jid-malformed']);
      await wire.close();
    });
  }

  test('§3.3 another password', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const changed = { ...alice.account, password: 'another secret' };
    checkResult(await alice.phone.iq('set', registration(changed), stage.domain));
    await (await authenticate(stage.address, changed)).wire.close();
    check(await isRefused(stage, alice.account), 'the old password still works');
  });

  test("§3.3 somebody else's password cannot be changed", async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    checkErrorIs(await alice.phone.iq('set', registration({ ...bob.account, password: 'mine now' }), stage.domain), [
      'not-allowed',
      'forbidden',
      'bad-request',
    ]);
    await (await authenticate(stage.address, bob.account)).wire.close();
  });

  test('§3.2 removing the account ends its sessions, and nobody can log in any more', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy tv=legacy', bob: 'phone=legacy' });
    alice.phone.send(xml('iq', { type: 'set', id: 'gone' }, xml('query', { xmlns: NS.register }, xml('remove'))));
    await Promise.all(alice.devices.map((device) => device.wire.waitClosed()));
    check(await isRefused(stage, alice.account), 'the account still exists');
    bob.phone.message({ to: alice.jid, type: 'chat' }, 'hello');
    checkErrorIs((await bob.phone.flush())[0] ?? xml('nothing'), 'service-unavailable');
  });

  test('§3.1 whoever is logged in learns that they are registered', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const query = (await alice.phone.ask('get', xml('query', { xmlns: NS.register }), stage.domain)).child(
      'query',
      NS.register,
    );
    checkEqual(
      [query?.child('registered') !== undefined, query?.child('username')?.text()],
      [true, localpart(alice.jid)],
      'the answer',
    );
  });
});

function registration({ jid, password }: Account): Element {
  return xml('query', { xmlns: NS.register }, xml('username', null, localpart(jid)), xml('password', null, password));
}

function request(wire: Wire, type: string, query: Element): Promise<Element> {
  wire.send(xml('iq', { type, id: 'register', to: wire.address.domain }, query));
  return wire.read((element) => element.name === 'iq');
}

async function isRefused(stage: Stage, account: Account): Promise<boolean> {
  try {
    await (await authenticate(stage.address, account)).wire.close();
    return false;
  } catch (error) {
    if (error instanceof LoginRefused) return true;
    throw error;
  }
}
