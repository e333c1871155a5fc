import { NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { Expected } from './expected.ts';

const own = 'alice@example.org';
const said = (id: string | undefined, ...payload: Parameters<typeof xml>[2][]) =>
  xml('message', { xmlns: NS.client, from: 'bob@example.org/x', to: own, type: 'chat', id }, ...payload);
const body = xml('body', null, 'Hello');
const stanzaId = xml('stanza-id', { xmlns: NS.sid, by: own, id: 'a1' });

describe('without IM-NG: what came live and is not in the archive yet', () => {
  it.each([
    ['by the id that the archive gave it', said('m', body, stanzaId), { id: 'a1', time: 0, message: said('m', body) }],
    ['by its name', said('m', body), { id: 'a2', time: 0, message: said('m', body, stanzaId) }],
  ])('is looked for until it is there: %s', (_, live, row) => {
    const expected = new Expected(own);
    expected.note(live);
    expect(expected.missed(expected.all, 5)).toBe(true);
    expected.found([{ id: 'other', time: 0, message: said('n', body) }]);
    expect(expected.missed(expected.all, 5)).toBe(true);
    expected.found([row]);
    expect(expected.all).toEqual([]);
    expect(expected.missed(['a1'], 5)).toBe(false);
  });

  it.each([
    [1, [false]],
    [3, [true, true, false]],
    [0, [true, true, true, true, true]],
  ])('with archiveAttempts %i it is given up in time', (attempts, hopes) => {
    const expected = new Expected(own);
    expected.note(said('m', body));
    for (const hope of hopes) expect(expected.missed(expected.all, attempts)).toBe(hope);
  });

  it.each([
    ['a receipt without a place in the archive', said('m', xml('received', { xmlns: NS.receipts, id: 'x' }))],
    ['a chat state', said('m', xml('composing', { xmlns: NS.chatStates }), stanzaId)],
    ["a room's message", said('m', body).with({ type: 'groupchat' })],
    ['an error', said('m', body).with({ type: 'error' })],
    ['what has no name', said(undefined, body)],
  ])('%s is not looked for', (_, live) => {
    const expected = new Expected(own);
    expected.note(live);
    expect(expected.all).toEqual([]);
  });
});
