import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual } from '../checks.ts';
import { type Account, authenticate, LoginRefused, openStream } from '../client/login.ts';
import type { Wire } from '../client/wire.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';
import type { Stage } from '../stage.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const auth = (mechanism: string, text?: string) => xml('auth', { xmlns: NS.sasl, mechanism }, text ?? null);

export default section('rfc6120', '6', 'SASL negotiation', { stands: ['tcp', 'ws', 'bosh'] }, ({ test }) => {
  for (const mechanism of ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'PLAIN']) {
    test(
      `§6.4 ${mechanism}: the right password logs in, the server proves itself`,
      async (stage) => {
        const account = await stage.account('alice');
        await (await authenticate(stage.address, account, mechanism)).wire.close();
      },
      [`mechanism ${mechanism}`],
    );

    test(
      `§6.5.10 ${mechanism}: a wrong password is <not-authorized/>, an unknown user as well`,
      async (stage) => {
        const account = await stage.account('alice');
        checkEqual(
          await conditionOf(stage, { ...account, password: 'wrong' }, mechanism),
          'not-authorized',
          'the failure',
        );
        const nobody = { jid: `nobody-of-that-name@${stage.domain}`, password: 'wrong' };
        checkEqual(await conditionOf(stage, nobody, mechanism), 'not-authorized', 'the failure for an unknown user');
      },
      [`mechanism ${mechanism}`],
    );
  }

  const failures: readonly (readonly [string, readonly Element[], readonly string[]])[] = [
    ['§6.5.7 an unknown mechanism', [auth('MAGIC')], ['invalid-mechanism']],
    ['§6.5.4 what is not base64', [auth('PLAIN', '!!!')], ['incorrect-encoding', 'malformed-request']],
    ['§6.5.9 PLAIN without its parts', [auth('PLAIN', base64('nonsense'))], ['malformed-request', 'not-authorized']],
    [
      '§6.5.1 aborting',
      [auth('SCRAM-SHA-1', base64('n,,n=user,r=nonce')), xml('abort', { xmlns: NS.sasl })],
      ['aborted'],
    ],
    [
      '§6.5.9 SCRAM nonsense',
      [auth('SCRAM-SHA-1', base64('nonsense'))],
      ['malformed-request', 'not-authorized', 'invalid-authzid'],
    ],
    [
      '§6.5.6 acting for somebody else',
      [auth('PLAIN', base64('somebody@else.invalid\0user\0password'))],
      ['invalid-authzid', 'not-authorized'],
    ],
  ];
  for (const [title, elements, conditions] of failures) {
    test(`${title}: <${conditions.join('/> or <')}/>, and another try is possible`, async (stage) => {
      const account = await stage.account('alice');
      const { wire } = await openStream(stage.address);
      for (const element of elements) wire.send(element);
      const failure = await wire.read((element) => element.name === 'failure');
      const condition = failure.elements.find(({ name }) => name !== 'text')?.name;
      check(condition !== undefined && conditions.includes(condition), `the failure is ${condition}`);
      await logIn(wire, account);
      await wire.close();
    });
  }

  test('§6.3.4 stanzas before login are refused', async (stage) => {
    const { wire } = await openStream(stage.address);
    wire.send(xml('message', { to: stage.domain }, xml('body', null, 'hello')));
    await wire.waitClosed();
    const condition = wire.streamError?.elements[0]?.name;
    check(
      ['not-authorized', 'policy-violation', 'unsupported-stanza-type'].includes(condition ?? ''),
      `the stream error is ${condition}`,
    );
  });
});

async function logIn(wire: Wire, account: Account): Promise<void> {
  wire.send(auth('PLAIN', base64(`\0${account.jid.slice(0, account.jid.indexOf('@'))}\0${account.password}`)));
  const answer = await wire.read();
  check(answer.is('success', NS.sasl), `the second try: ${answer.toString()}`);
}

async function conditionOf(stage: Stage, account: Account, mechanism: string): Promise<string | undefined> {
  try {
    await (await authenticate(stage.address, account, mechanism)).wire.close();
    return undefined;
  } catch (error) {
    if (error instanceof LoginRefused) return error.failure.elements.find(({ name }) => name !== 'text')?.name;
    throw error;
  }
}
