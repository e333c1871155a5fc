import { NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { Recorder } from './recorder.ts';

const ALICE = 'alice@localhost';

describe('the recorder', () => {
  it('A8 S8 at a crash tells the rows of a message apart that was under way twice', () => {
    const facts = { jid: ALICE, sessions: [], blocks: new Set<string>(), unarchived: new Set<string>() };
    const recorder = new Recorder(
      () => 0,
      [ALICE],
      () => facts,
    );
    const stanza = xml('message', { to: ALICE, id: 'm' }, xml('body', null, 'hello')).toBytes(NS.client);
    const units = [1, 2, 3].map(() => recorder.appended([{ account: ALICE, stanza, outgoing: false }], 0));
    recorder.crashed(() => [7, 8], new Map([[ALICE, 8]]));
    expect(units.map(({ result, seqs }) => [result, ...seqs])).toEqual([['written', 7], ['written', 8], ['lost']]);
  });
});
