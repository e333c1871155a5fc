import { once } from 'node:events';
import { connect, type SecureVersion } from 'node:tls';
import { NS, xml } from '@tutti/xmpp';
import { checkEqual } from '../checks.ts';
import { authenticate, bind, offeredMechanisms } from '../client/login.ts';
import type { Address } from '../client/transport.ts';
import { Wire } from '../client/wire.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';

export default section('rfc6120', '5', 'STARTTLS and direct TLS', { needs: ['starttls'] }, ({ test }) => {
  test('§5.3.1 offered, required, and no password mechanism before it', async (stage) => {
    const wire = await Wire.connect(stage.address);
    const features = await wire.open();
    check(features.child('starttls', NS.tls) !== undefined, 'no STARTTLS');
    if (features.child('starttls', NS.tls)?.child('required') !== undefined)
      checkEqual(offeredMechanisms(features), [], 'the mechanisms');
    check(!offeredMechanisms(features).includes('PLAIN'), 'PLAIN in clear');
    await wire.close();
  });

  test('§5.4 TLS begins, and the stream after it is a new one', async (stage) => {
    const wire = await Wire.connect(stage.address);
    await wire.open();
    const first = wire.header?.attrs['id'];
    await wire.startTls();
    check(wire.header?.attrs['id'] !== first, 'the same stream id');
    await wire.close();
  });

  test(
    '§5.3.1 SASL before TLS is refused where TLS is required',
    async (stage) => {
      const wire = await Wire.connect(stage.address);
      const features = await wire.open();
      check(features.child('starttls', NS.tls)?.child('required') !== undefined, 'TLS is not required');
      wire.send(
        xml('auth', { xmlns: NS.sasl, mechanism: 'PLAIN' }, Buffer.from('\0user\0password').toString('base64')),
      );
      const answer = await wire.read().catch(() => undefined);
      if (answer === undefined) check(wire.streamError !== undefined, 'closed without a word');
      else
        check(
          answer.child('encryption-required', NS.sasl) !== undefined ||
            answer.child('invalid-mechanism', NS.sasl) !== undefined,
          `the answer is ${answer.toString()}`,
        );
      wire.cut();
    },
    ['restart'],
  );

  test(
    'XEP-0368 §3 direct TLS: the same login without STARTTLS',
    async (stage) => {
      const { directTls } = stage.target;
      check(directTls !== undefined, 'no direct TLS');
      const { wire } = await authenticate(directTls, await stage.account('alice'));
      check((await bind(wire, 'direct')).endsWith('/direct'), 'not bound');
      await wire.close();
    },
    ['direct-tls'],
  );

  test(
    'RFC 7590 §3 RFC 9325 §3.1.1 what is older than TLS 1.2 is refused, 1.2 and 1.3 are spoken',
    async (stage) => {
      const { directTls } = stage.target;
      check(directTls !== undefined, 'no direct TLS');
      for (const version of ['TLSv1', 'TLSv1.1'] as const) {
        const refusal = await handshake(directTls, version).catch((error: Error) => error.message);
        // The server says so: it is not this client that cannot.
        check(/alert protocol version/.test(refusal), `${version}: ${refusal}`);
      }
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
        checkEqual(await handshake(directTls, version), version, 'the version');
    },
    ['direct-tls'],
  );
});

/** The version that is agreed on, of this one alone. */
async function handshake({ host, port, domain }: Address, version: SecureVersion): Promise<string> {
  // OpenSSL does not offer old versions any more unless it is told that anything will do.
  const ciphers = version < 'TLSv1.2' ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {};
  const versions = { minVersion: version, maxVersion: version, ...ciphers };
  const socket = connect({ host, port, servername: domain, rejectUnauthorized: false, ...versions });
  try {
    await once(socket, 'secureConnect');
    return socket.getProtocol() ?? '';
  } finally {
    socket.destroy();
  }
}
