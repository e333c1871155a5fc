import { type Element, NS, xml } from '@tutti/xmpp';
import { bodies, checkEqual } from '../checks.ts';
import { openStream } from '../client/login.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';

/** What features say of the largest stanza. */
function maxBytes(features: Element): number {
  return Number(features.child('limits', NS.streamLimits)?.child('max-bytes')?.text());
}

/** A message to oneself of exactly so many bytes. */
function messageOf(size: number, to: string): string {
  const [start, end] = [`<message xmlns='jabber:client' to='${to}' type='chat' id='large'><body>`, '</body></message>'];
  return `${start}${'x'.repeat(size - start.length - end.length)}${end}`;
}

export default section(
  'xep-0478',
  '2',
  'Stream limits',
  { needs: ['stream-limits'], stands: ['tcp', 'ws', 'bosh'] },
  ({ test }) => {
    test('§2 before and after login the limits are told', async (stage) => {
      const { wire, features } = await openStream(stage.address);
      check(maxBytes(features) >= 10_000, `before login: ${features.toString()}`);
      await wire.close();
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      check(maxBytes(alice.phone.features) >= 10_000, `after login: ${alice.phone.features.toString()}`);
      const idle = alice.phone.features.child('limits', NS.streamLimits)?.child('idle-seconds');
      check(idle === undefined || Number(idle.text()) > 0, 'idle-seconds is a number of seconds');
    });

    test('§2 a stanza as large as that is taken', async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      alice.phone.wire.sendText(messageOf(maxBytes(alice.phone.features), alice.jid));
      const received = await alice.phone.receive((one) => one.attrs['id'] === 'large');
      check((bodies([received])[0]?.length ?? 0) > 9000, 'the message comes');
      await alice.phone.iq('get', xml('ping', { xmlns: NS.ping }), stage.domain);
    });

    test('§2 RFC 6120 §4.9.3.14 a larger one ends the stream with <policy-violation/>', async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const { wire } = alice.phone;
      wire.sendText(messageOf(maxBytes(alice.phone.features) + 1, alice.jid));
      await wire.waitClosed();
      checkEqual(wire.streamError?.elements[0]?.name, 'policy-violation', 'the stream error');
    });
  },
);
