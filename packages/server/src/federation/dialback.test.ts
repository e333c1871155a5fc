import { NS, StanzaError, StreamParser } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { explainAnswer, isKey, makeKey, writeAnswer, writeRequest } from './dialback.ts';
import { writeHeader } from './framing.ts';

const secret = new TextEncoder().encode('s3cr3tf0rd14lb4ck');
const claim = { originating: 'example.org', receiving: 'xmpp.example.com', streamId: 'D60000229F' };

describe('XEP-0185 §3 the key', () => {
  it('is that of the example', () => {
    expect(makeKey(secret, claim)).toBe('37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643');
  });

  it('fits one claim, and nothing else', () => {
    const key = makeKey(secret, claim);
    expect(isKey(secret, claim, key)).toBe(true);
    expect(isKey(secret, { ...claim, streamId: 'D60000229E' }, key)).toBe(false);
    expect(isKey(secret, { ...claim, receiving: 'example.org', originating: 'xmpp.example.com' }, key)).toBe(false);
    expect(isKey(new Uint8Array(32), claim, key)).toBe(false);
    for (const wrong of ['', key.slice(1), `${key}0`, key.toUpperCase(), 'é'.repeat(64)])
      expect(isKey(secret, claim, wrong)).toBe(false);
  });
});

describe('XEP-0220 the elements', () => {
  function read(text: string) {
    const parser = new StreamParser({ stanzaBytes: 0, depth: 0, attributes: 0, nameBytes: 0 });
    parser.write(new TextEncoder().encode(writeHeader({ from: 'a.example', to: 'b.example' }) + text));
    parser.next();
    const event = parser.next();
    if (event?.kind !== 'element') throw new Error('no element');
    return event.element;
  }

  it('§2.1 are in their namespace, with what they are told', () => {
    const request = read(writeRequest('verify', { from: 'a.example', to: 'b.example', id: "'<&" }, 'k<y'));
    expect(request.is('verify', NS.dialback)).toBe(true);
    expect(request.attrs).toMatchObject({ from: 'a.example', to: 'b.example', id: "'<&" });
    expect(request.text()).toBe('k<y');
  });

  it('§2.4 answers: valid, invalid, an error with its condition', () => {
    const fields = { from: 'a.example', to: 'b.example' };
    expect(explainAnswer(read(writeAnswer('result', fields, 'valid')))).toBeUndefined();
    expect(explainAnswer(read(writeAnswer('result', fields, 'invalid')))).toBe('"invalid"');
    const error = read(writeAnswer('result', fields, new StanzaError('remote-server-not-found')));
    expect(explainAnswer(error)).toBe('"error" (remote-server-not-found)');
  });
});
