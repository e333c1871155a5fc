import { type Element, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { Clock } from './environment.ts';
import { TuttiError } from './errors.ts';
import { Requests } from './requests.ts';

function setUp(send: (stanza: Element) => Promise<void> = () => Promise.resolve()): {
  requests: Requests;
  sent: Element[];
  ring: () => void;
} {
  const sent: Element[] = [];
  let alarm: (() => void) | undefined;
  const clock: Clock = {
    now: () => 0,
    after(_, run) {
      alarm = run;
      return () => (alarm = undefined);
    },
  };
  const record = (stanza: Element): Promise<void> => {
    sent.push(stanza);
    return send(stanza);
  };
  return { requests: new Requests('alice@example.org', record, clock, 1000), sent, ring: () => alarm?.() };
}

const ping = (to?: string): Element => xml('iq', { type: 'get', to }, xml('ping', { xmlns: 'urn:xmpp:ping' }));
const answer = (to: Element | undefined, from: string | undefined, type = 'result'): Element =>
  xml('iq', { type, from, id: to?.attrs['id'] });

describe('a request', () => {
  it.each([
    ['the own account: nobody', undefined, undefined, true],
    ['the own account: itself', undefined, 'alice@example.org', true],
    ['the own account: its own full JID', undefined, 'alice@example.org/phone', true],
    ['the own account: its server', undefined, 'example.org', true],
    ['the own account: another', undefined, 'mallory@example.org', false],
    ['somebody: them', 'bob@example.org/x', 'bob@example.org/x', true],
    ['somebody: another device of theirs', 'bob@example.org/x', 'bob@example.org/y', false],
    ['somebody, written large: them', 'BOB@example.org', 'bob@example.org', true],
    ['a server: the own account', 'rooms.example.org', 'alice@example.org', false],
  ])('to %s answers: %#', async (_, to, from, expected) => {
    const { requests, sent } = setUp();
    const asked = requests.request(ping(to));
    expect(requests.take(answer(sent[0], from))).toBe(expected);
    requests.abandon(new TuttiError('stopped', 'why'));
    await expect(
      asked.then(
        () => true,
        () => false,
      ),
    ).resolves.toBe(expected);
  });

  it('RFC 6120 §8.3: an error rejects it', async () => {
    const { requests, sent } = setUp();
    const asked = requests.request(ping());
    requests.take(
      answer(sent[0], undefined, 'error').append(
        xml('error', { type: 'cancel' }, xml('gone', { xmlns: 'urn:ietf:params:xml:ns:xmpp-stanzas' })),
      ),
    );
    await expect(asked).rejects.toMatchObject({ name: 'StanzaError', condition: 'gone' });
  });

  it('without an answer it ends, and a late one is nobody’s', async () => {
    const { requests, sent, ring } = setUp();
    const asked = requests.request(ping());
    ring();
    await expect(asked).rejects.toMatchObject({ condition: 'no-answer' });
    expect(requests.take(answer(sent[0], undefined))).toBe(false);
  });

  it('that cannot be sent fails', async () => {
    const { requests } = setUp(() => Promise.reject(new Error('no socket')));
    await expect(requests.request(ping())).rejects.toMatchObject({ condition: 'connection-lost' });
  });

  it.each([
    xml('message', { type: 'result', id: 'x' }),
    xml('iq', { type: 'get', id: 'x' }),
    xml('iq', { type: 'result', id: 'x' }),
  ])('what answers nothing is not taken: %#', (stanza) => {
    expect(setUp().requests.take(stanza)).toBe(false);
  });
});
