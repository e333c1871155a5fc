import { NS } from '@tutti/xmpp';
import { WebSocket } from 'ws';
import { bodies, checkEqual } from '../checks.ts';
import { openTransport, webSocketUrl } from '../client/transport.ts';
import { Wire } from '../client/wire.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';

export default section('rfc7395', '3', 'XMPP over WebSocket', { stands: ['ws'] }, ({ test }) => {
  test('§3.1 the subprotocol is xmpp', async (stage) => {
    const socket = new WebSocket(webSocketUrl(stage.address), 'xmpp', { rejectUnauthorized: false });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    checkEqual(socket.protocol, 'xmpp', 'the subprotocol');
    socket.terminate();
  });

  test('§3.4 <open/> is answered with <open/>: id, from, version', async (stage) => {
    const wire = await Wire.connect(stage.address);
    await wire.open();
    const { header } = wire;
    check(header !== undefined, 'no answer');
    const { attrs, ns } = header;
    checkEqual(
      [ns, attrs['from'], attrs['version'], (attrs['id'] ?? '').length > 0],
      [NS.framing, stage.domain, '1.0', true],
      'the answer',
    );
    await wire.close();
  });

  test('§3.3 every frame is one whole element with its own namespaces', async (stage) => {
    const frames: string[] = [];
    const transport = await openTransport(stage.address, {
      data: (chunk) => void frames.push(Buffer.from(chunk).toString()),
      gone: () => {},
    });
    transport.send(`<open xmlns='${NS.framing}' to='${stage.domain}' version='1.0'/>`);
    for (let waited = 0; waited < 100 && frames.length < 2; waited += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    checkEqual(frames.length, 2, 'the number of frames');
    check(
      /^<open [^>]*xmlns=['"]urn:ietf:params:xml:ns:xmpp-framing['"]/.test(frames[0] ?? ''),
      `the first frame: ${frames[0]}`,
    );
    check(/^<(stream:)?features [^>]*xmlns(:stream)?=/.test(frames[1] ?? ''), `the second frame: ${frames[1]}`);
    transport.cut();
  });

  test('§3.6 <close/> is answered with <close/>', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    await alice.phone.close();
    checkEqual([alice.phone.wire.ended, alice.phone.wire.streamError], [true, undefined], 'the end');
  });

  test('§3 a session over WebSocket and one over TCP talk to each other', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const bob = await stage.account('bob');
    const tcp = stage.keep(await stage.connectOver('tcp', 'bob.phone', bob));
    await tcp.available();
    alice.phone.message({ to: tcp.bare, type: 'chat' }, 'from here');
    await alice.phone.fence();
    tcp.message({ to: alice.jid, type: 'chat' }, 'from there');
    await tcp.fence();
    checkEqual(
      [bodies(await tcp.flush()), bodies(await alice.phone.flush())],
      [['from here'], ['from there']],
      'what they see',
    );
  });
});
