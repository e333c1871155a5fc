import { createHmac, randomUUID } from 'node:crypto';
import { type Element, NS, xml } from '@tutti/xmpp';
import { bodies, checkEqual } from '../checks.ts';
import { Device } from '../client/device.ts';
import { type Account, authenticate2, localpart, LoginRefused, openStream } from '../client/login.ts';
import type { Wire } from '../client/wire.ts';
import { check } from '../failure.ts';
import type { Stage } from '../stage.ts';
import { section } from '../suite.ts';

const bind = (...children: Element[]) => xml('bind', { xmlns: NS.bind2 }, xml('tag', null, 'Test'), ...children);

export default section(
  'xep-0388',
  '2',
  'SASL2, Bind 2 and FAST',
  { needs: ['sasl2'], stands: ['tcp', 'ws', 'bosh'] },
  ({ test }) => {
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256']) {
      test(`§2.6.1 ${mechanism}: success with the bare JID, then features without a new stream`, async (stage) => {
        const account = await stage.account('alice');
        const { wire } = await openStream(stage.address);
        const success = await authenticate2(wire, account, mechanism);
        checkEqual(identifier(success), account.jid, 'the identifier');
        check((await wire.read()).is('features', NS.stream), 'no features behind the success');
        await wire.close();
      });
    }

    test('§2.6.2 a wrong password: <failure/> with <not-authorized/>, and the stream allows another try', async (stage) => {
      const account = await stage.account('alice');
      const { wire } = await openStream(stage.address);
      const failure = await refusal(wire, { ...account, password: 'wrong' });
      check(
        failure.is('failure', NS.sasl2) && failure.child('not-authorized', NS.sasl) !== undefined,
        `the answer: ${failure.toString()}`,
      );
      checkEqual(identifier(await authenticate2(wire, account, 'SCRAM-SHA-256')), account.jid, 'the identifier');
      await wire.close();
    });

    test('§2.6.2 an unknown user is answered like a wrong password', async (stage) => {
      const { wire } = await openStream(stage.address);
      const failure = await refusal(wire, { jid: `nobody-of-that-name@${stage.domain}`, password: 'x' });
      check(failure.child('not-authorized', NS.sasl) !== undefined, `the answer: ${failure.toString()}`);
      await wire.close();
    });

    test('§2.6.2 inline requests of a failed authentication are not done', async (stage) => {
      const account = await stage.account('alice');
      const { wire } = await openStream(stage.address);
      const failure = await refusal(wire, { ...account, password: 'wrong' }, bind());
      check(failure.child('bound', NS.bind2) === undefined, 'it was bound');
      await wire.close();
    });

    test('XEP-0386 §3.2 bound: the full JID begins its resource with the tag', async (stage) => {
      const account = await stage.account('alice');
      const { device, success } = await login(stage, account, bind());
      check(identifier(success).startsWith(`${account.jid}/Test`), `bound as ${identifier(success)}`);
      checkEqual(device.jid, identifier(success), 'the full JID');
      await device.fence();
    });

    test('XEP-0386 §3.2 two clients with the same tag have two resources', async (stage) => {
      const account = await stage.account('alice');
      const [first, second] = [await login(stage, account, bind()), await login(stage, account, bind())];
      check(first.device.jid !== second.device.jid, 'the same resource twice');
      await first.device.fence();
    });

    test('XEP-0386 §3.2 the same user agent again ends its earlier session', async (stage) => {
      const account = await stage.account('alice');
      const agent = xml('user-agent', { id: randomUUID() }, xml('software', null, 'test'));
      const first = await login(stage, account, agent, bind());
      const second = await login(stage, account, agent, bind());
      await first.device.wire.waitClosed();
      await second.device.fence();
    });

    test(
      'XEP-0386 §3.2 carbons, stream management and CSI inline',
      async (stage) => {
        const account = await stage.account('alice');
        const { bob } = await stage.cast({ bob: 'phone=legacy' });
        const other = await stage.join('alice', account, 'other=legacy');
        const requests = [
          xml('enable', { xmlns: NS.carbons }),
          xml('enable', { xmlns: NS.sm, resume: 'true' }),
          xml('inactive', { xmlns: NS.csi }),
        ];
        const { device, success } = await login(stage, account, bind(...requests));
        const enabled = success.child('bound', NS.bind2)?.child('enabled', NS.sm);
        check(enabled?.attrs['id'] !== undefined, `no <enabled/> in ${success.toString()}`);
        device.sm = { id: enabled.attrs['id'], received: 0, sent: 0, acked: 0 };
        bob.phone.message({ to: other.jid, type: 'chat' }, 'hello');
        await bob.phone.fence();
        device.wire.send(xml('active', { xmlns: NS.csi }));
        const [carbon] = await device.flush();
        check(carbon?.child('received', NS.carbons) !== undefined, `no carbon: ${String(carbon)}`);
        await device.acknowledged();
      },
      ['carbons', 'sm', 'csi'],
    );

    test(
      'XEP-0386 §3.2 the archive as of binding',
      async (stage) => {
        const account = await stage.account('alice');
        const { bob } = await stage.cast({ bob: 'phone=legacy' });
        for (const body of ['one', 'two']) bob.phone.message({ to: account.jid, type: 'chat' }, body);
        await bob.phone.fence();
        const { device, success } = await login(stage, account, bind());
        const metadata = success.child('bound', NS.bind2)?.child('metadata', NS.mam);
        const { rows } = await device.archive();
        const ids = ['start', 'end'].map((name) => metadata?.child(name)?.attrs['id']);
        checkEqual(ids, [rows[0]?.id, rows[1]?.id], 'the first and the last id');
      },
      ['mam'],
    );

    test(
      'XEP-0198 §9.2 resumed inline: binding is skipped, what was missed comes',
      async (stage) => {
        const account = await stage.account('alice');
        const { bob } = await stage.cast({ bob: 'phone=legacy' });
        const { device } = await login(stage, account, bind());
        await device.enableSm();
        device.cut();
        await device.wire.waitClosed();
        bob.phone.message({ to: device.jid, type: 'chat' }, 'missed');
        await bob.phone.fence();
        const { wire } = await openStream(stage.address);
        const success = await authenticate2(
          wire,
          account,
          'SCRAM-SHA-256',
          xml('resume', { xmlns: NS.sm, h: device.sm?.received ?? 0, previd: device.sm?.id }),
          bind(),
        );
        check(success.child('resumed', NS.sm) !== undefined, `not resumed: ${success.toString()}`);
        check(success.child('bound', NS.bind2) === undefined, 'bound as well');
        device.wire = wire;
        device.attach(device.jid);
        checkEqual(bodies(await device.flush()), ['missed'], 'what the device sees');
      },
      ['sm'],
    );

    test(
      'XEP-0198 §9.2.1 resumption failed: <failed/>, and bound all the same',
      async (stage) => {
        const account = await stage.account('alice');
        const { success } = await login(
          stage,
          account,
          xml('resume', { xmlns: NS.sm, h: 0, previd: 'no-such-session' }),
          bind(),
        );
        check(
          success.child('failed', NS.sm) !== undefined && success.child('bound', NS.bind2) !== undefined,
          `the answer: ${success.toString()}`,
        );
      },
      ['sm'],
    );

    test(
      'XEP-0484 §3 a token: asked for, used, invalidated',
      async (stage) => {
        const account = await stage.account('alice');
        const agent = xml('user-agent', { id: randomUUID() }, xml('software', null, 'test'));
        const { wire, features } = await openStream(stage.address);
        const fast = features.child('authentication', NS.sasl2)?.child('inline')?.child('fast', NS.fast);
        const names = fast?.childrenNamed('mechanism').map((one) => one.text()) ?? [];
        check(names.includes('HT-SHA-256-NONE'), `FAST mechanisms: ${names.join(' ')}`);
        const success = await authenticate2(
          wire,
          account,
          'SCRAM-SHA-256',
          agent,
          xml('request-token', { xmlns: NS.fast, mechanism: 'HT-SHA-256-NONE' }),
        );
        const given = success.child('token', NS.fast);
        const token = given?.attrs['token'] ?? '';
        check(
          token !== '' && Date.parse(given?.attrs['expiry'] ?? '') > Date.now(),
          `no token in ${success.toString()}`,
        );
        await wire.close();
        checkEqual((await useToken(stage, account, token, agent, {})).name, 'success', 'the answer to the token');
        checkEqual(
          (await useToken(stage, account, `${token}x`, agent, {})).name,
          'failure',
          'the answer to another token',
        );
        checkEqual(
          (await useToken(stage, account, token, agent, { invalidate: 'true' })).name,
          'success',
          'the answer when it is invalidated',
        );
        checkEqual((await useToken(stage, account, token, agent, {})).name, 'failure', 'the answer afterwards');
      },
      ['fast'],
    );
  },
);

function identifier(success: Element): string {
  return success.child('authorization-identifier')?.text() ?? '';
}

async function refusal(wire: Wire, account: Account, ...inline: Element[]): Promise<Element> {
  try {
    return await authenticate2(wire, account, 'SCRAM-SHA-256', ...inline);
  } catch (error) {
    if (error instanceof LoginRefused) return error.failure;
    throw error;
  }
}

async function login(
  stage: Stage,
  account: Account,
  ...inline: Element[]
): Promise<{ device: Device; success: Element }> {
  const { wire, features } = await openStream(stage.address);
  const success = await authenticate2(wire, account, 'SCRAM-SHA-256', ...inline);
  check(success.child('bound', NS.bind2) !== undefined, `not bound: ${success.toString()}`);
  const device = stage.keep(new Device('alice by Bind 2', account, wire, features));
  device.attach(identifier(success));
  return { device, success };
}

/** HT-SHA-256-NONE: the user's name, a NUL, HMAC(token, "Initiator"). */
async function useToken(
  stage: Stage,
  account: Account,
  token: string,
  agent: Element,
  attrs: Readonly<Record<string, string>>,
): Promise<Element> {
  const { wire } = await openStream(stage.address);
  const proof = createHmac('sha256', token).update('Initiator').digest();
  const message = Buffer.concat([Buffer.from(`${localpart(account.jid)}\0`), proof]).toString('base64');
  const initial = xml('initial-response', null, message);
  wire.send(
    xml(
      'authenticate',
      { xmlns: NS.sasl2, mechanism: 'HT-SHA-256-NONE' },
      initial,
      agent,
      xml('fast', { xmlns: NS.fast, ...attrs }),
    ),
  );
  const answer = await wire.read();
  await wire.close();
  return answer;
}
