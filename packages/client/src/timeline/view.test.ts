import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import {
  composeDisplayed,
  composeEdit,
  composeReactions,
  composeReceipt,
  composeRetraction,
  composeText,
} from '../compose.ts';
import { emptyView, extendView, type Message, type Piece, readUpTo, refuseMessage, retellView } from './view.ts';

/** Somebody sends a payload. */
type Line = readonly [who: 'me' | 'you', ...payload: Element[]];

/** Lines of a conversation; the `id` of each message is its number. */
function converse(...lines: Line[]): Piece[] {
  return lines.map(([who, ...payload], i) => ({
    id: `a${i + 1}`,
    peer: 'you@example.org',
    outgoing: who === 'me',
    time: (i + 1) * 1000,
    xml: xml(
      'message',
      { xmlns: NS.client, from: `${who}@example.org/x`, id: `${i + 1}`, type: 'chat' },
      ...payload,
    ).toString(),
  }));
}

const say = (body: string): Element => xml('body', { xmlns: NS.client }, body);
const error = (condition: string): Element =>
  xml(
    'error',
    { xmlns: NS.client, type: 'cancel' },
    xml(condition, { xmlns: NS.stanzas }),
    xml('text', { xmlns: NS.stanzas }, 'why'),
  );

const view = (...lines: Line[]): ReturnType<typeof extendView> => extendView(emptyView, converse(...lines));
const bodies = (messages: readonly Message[]): string[] =>
  messages.map(({ body, outgoing }) => `${outgoing ? '>' : '<'} ${body}`);

describe('a view: messages', () => {
  it('texts, in order, with who said them and when', () => {
    const { messages } = view(
      ['me', say('Hello')],
      ['you', ...composeText({ body: 'Hi', attachments: ['https://example.org/cat.png'] })],
    );
    expect(messages).toMatchObject([
      {
        id: 'a1',
        messageId: '1',
        from: 'me@example.org/x',
        outgoing: true,
        time: 1000,
        body: 'Hello',
        state: 'archived',
        wantsReceipt: false,
      },
      {
        id: 'a2',
        messageId: '2',
        outgoing: false,
        body: 'Hi',
        attachments: ['https://example.org/cat.png'],
        wantsReceipt: true,
      },
    ]);
  });

  it('what says nothing to show is passed over', () => {
    expect(view(['me', xml('x', { xmlns: 'urn:example:unknown' })], ['you', say('Hi')]).messages).toHaveLength(1);
  });

  it('pieces on their way are sending, or failed', () => {
    const [first, second] = converse(['me', say('one')], ['me', say('two')]);
    const { outgoing: _, ...sending } = first!;
    const { outgoing: __, ...failing } = second!;
    const { messages } = extendView(emptyView, [sending, { ...failing, failure: { condition: 'forbidden' } }]);
    expect(messages).toMatchObject([
      { id: undefined, outgoing: true, state: 'sending' },
      { id: undefined, outgoing: true, state: 'failed', failure: { condition: 'forbidden' } },
    ]);
  });

  it('is the same in one step as in many', () => {
    const pieces = converse(
      ['you', say('one')],
      ['me', ...composeDisplayed('1')],
      ['you', say('two')],
      ['you', ...composeEdit('1', 'ONE')],
      ['me', ...composeReactions('3', ['👍'])],
      ['you', say('three')],
    );
    expect(pieces.reduce((before, piece) => extendView(before, [piece]), emptyView)).toEqual(
      extendView(emptyView, pieces),
    );
  });
});

describe('a view: XEP-0308 edits', () => {
  it.each([
    ['its sender changes a text', ['me', ...composeEdit('1', 'new')], '> new'],
    ['nobody else does', ['you', ...composeEdit('1', 'new')], '> old'],
  ] as [string, Line, string][])('%s', (_, edit, expected) => {
    expect(bodies(view(['me', say('old')], edit).messages)[0]).toBe(expected);
  });

  it('the last one counts, and tells when', () => {
    const { messages } = view(['me', say('1')], ['me', ...composeEdit('1', '2')], ['me', ...composeEdit('1', '3')]);
    expect(messages).toMatchObject([{ body: '3', edited: 3000 }]);
  });

  it('of a message that is not known it is the message, and can be edited again', () => {
    const { messages } = view(['you', ...composeEdit('before', 'a')], ['you', ...composeEdit('before', 'b')]);
    expect(messages).toMatchObject([{ messageId: 'before', body: 'b', edited: 2000 }]);
  });
});

describe('a view: XEP-0424 retractions', () => {
  it('its sender takes it back, and an edit does not bring it again', () => {
    const { messages } = view(
      ['you', say('oh')],
      ['you', ...composeRetraction('1')],
      ['you', ...composeEdit('1', 'back')],
    );
    expect(messages).toMatchObject([{ retracted: true, body: '' }]);
  });

  it('nobody else does', () => {
    expect(view(['you', say('oh')], ['me', ...composeRetraction('1')]).messages).toMatchObject([
      { retracted: false, body: 'oh' },
    ]);
  });

  it('is found by the origin-id too', () => {
    const named = xml('origin-id', { xmlns: NS.sid, id: 'origin' });
    expect(view(['me', say('oh'), named], ['me', ...composeRetraction('origin')]).messages).toMatchObject([
      { retracted: true },
    ]);
  });
});

describe('a view: XEP-0444 reactions', () => {
  it('each side has its own, and the last counts', () => {
    const { messages } = view(
      ['you', say('News!')],
      ['me', ...composeReactions('1', ['👍', '👍', '🎉'])],
      ['you', ...composeReactions('1', ['😀'])],
      ['you', ...composeReactions('1', [])],
    );
    expect(messages[0]?.reactions).toEqual({ own: ['👍', '🎉'], peer: [] });
  });
});

describe('a view: XEP-0461 replies', () => {
  const quoting = (start: string, end: string): Element =>
    xml('fallback', { xmlns: NS.fallback, for: NS.reply }, xml('body', { start, end }));
  const reply = xml('reply', { xmlns: NS.reply, to: 'me@example.org/x', id: '1' });

  it.each([
    ['a quotation for others is left out, counted in code points', '> 😀\nYes', ['0', '4'], 'Yes'],
    ['a range past the end takes all', 'Yes', ['0', '99'], ''],
    ['a range that is none is not one', '> x\nYes', ['a', '4'], '> x\nYes'],
    ['nor is one that ends before it begins', '> x\nYes', ['4', '1'], '> x\nYes'],
  ] as const)('%s', (_, body, [start, end], expected) => {
    const { messages } = view(['me', say('😀')], ['you', say(body), reply, quoting(start, end)]);
    expect(messages[1]).toMatchObject({ replyTo: '1', body: expected });
  });

  it('without a quotation the text is all', () => {
    expect(
      view(['me', say('?')], ['you', ...composeText({ body: 'Yes', replyTo: { messageId: '1', from: 'x' } })])
        .messages[1],
    ).toMatchObject({
      replyTo: '1',
      body: 'Yes',
    });
  });
});

describe('a view: how far a message got', () => {
  const states = (...lines: Line[]): string[] => view(...lines).messages.map(({ state }) => state);

  it('XEP-0184: received, says the other side', () => {
    expect(states(['me', say('a')], ['me', say('b')], ['you', ...composeReceipt('1')])).toEqual([
      'received',
      'archived',
    ]);
  });

  it('XEP-0184: not says the own side', () => {
    expect(states(['me', say('a')], ['me', ...composeReceipt('1')])).toEqual(['archived']);
  });

  it('XEP-0333: displayed is everything up to the marker', () => {
    const lines: Line[] = [
      ['me', say('a')],
      ['you', say('b')],
      ['me', say('c')],
      ['me', say('d')],
    ];
    expect(states(...lines, ['you', ...composeDisplayed('3')])).toEqual([
      'displayed',
      'archived',
      'displayed',
      'archived',
    ]);
    expect(states(...lines, ['you', ...composeDisplayed('unknown')])).toEqual([
      'archived',
      'archived',
      'archived',
      'archived',
    ]);
  });

  it('a receipt that comes late takes nothing back', () => {
    expect(states(['me', say('a')], ['you', ...composeDisplayed('1')], ['you', ...composeReceipt('1')])).toEqual([
      'displayed',
    ]);
  });

  it('C4: an error makes it fail, for whatever reason it says', () => {
    const pieces = converse(['me', say('a')], ['you', say('b')]);
    const refusal = xml('message', { xmlns: NS.client, type: 'error', id: '1' }, error('forbidden')).toString();
    const { messages } = extendView(emptyView, [...pieces, { ...pieces[1]!, id: 'a3', xml: refusal }]);
    expect(messages).toMatchObject([
      { state: 'failed', failure: { condition: 'forbidden', text: 'why' } },
      { state: 'archived', failure: undefined },
    ]);
    expect(
      extendView(emptyView, [...pieces, { ...pieces[1]!, id: 'a3', xml: refusal }, ...converse()]).messages,
    ).toHaveLength(2);
  });

  it('an error that stands in no archive does so too, and only to an own message', () => {
    const before = view(['me', say('a')], ['you', say('b')]);
    expect(refuseMessage(before, '1', { condition: 'gone' }).messages[0]).toMatchObject({
      state: 'failed',
      failure: { condition: 'gone' },
    });
    expect(refuseMessage(before, '2', { condition: 'gone' })).toBe(before);
    expect(refuseMessage(before, '', { condition: 'gone' })).toBe(before);
  });
});

describe('a view: what is unread', () => {
  it.each([
    [
      'everything, before anybody looked',
      [
        ['you', say('a')],
        ['you', say('b')],
      ],
      2,
    ],
    [
      'nothing behind an own marker, on whichever device',
      [
        ['you', say('a')],
        ['me', ...composeDisplayed('1')],
      ],
      0,
    ],
    [
      'what came after the marked one',
      [
        ['you', say('a')],
        ['you', say('b')],
        ['me', ...composeDisplayed('1')],
      ],
      1,
    ],
    [
      'nothing before an own word',
      [
        ['you', say('a')],
        ['me', say('b')],
        ['you', say('c')],
      ],
      1,
    ],
    [
      'an earlier marker takes nothing back',
      [
        ['you', say('a')],
        ['you', say('b')],
        ['me', ...composeDisplayed('2')],
        ['me', ...composeDisplayed('1')],
      ],
      0,
    ],
    [
      "the other side's marker says nothing about it",
      [
        ['you', say('a')],
        ['you', ...composeDisplayed('1')],
      ],
      1,
    ],
    [
      'what only speaks of messages is none',
      [
        ['you', say('a')],
        ['you', ...composeReactions('1', ['x'])],
      ],
      1,
    ],
  ] as [string, Line[], number][])('%s', (_, lines, expected) => {
    expect(view(...lines).unread).toBe(expected);
  });
});

describe('a view: told anew, when something came in between', () => {
  const lines = converse(['me', say('Dinner?')], ['you', say('When?')], ['you', say('Where?')], ['you', say('Hello?')]);
  const without = (index: number): ReturnType<typeof extendView> => extendView(emptyView, lines.toSpliced(index, 1));
  const whole = extendView(emptyView, lines);

  it('keeps what was read on any device, also of what came in before that', () => {
    const read = readUpTo(without(1), 2);
    expect(read.unread).toBe(1);
    expect(retellView(read, whole)).toMatchObject({ read: 3, unread: 1 });
    expect(retellView(without(1), whole)).toEqual(whole);
  });

  it('keeps what was refused by an error that no archive has', () => {
    const refused = refuseMessage(without(2), '1', { condition: 'forbidden' });
    expect(retellView(refused, whole).messages[0]).toMatchObject({
      state: 'failed',
      failure: { condition: 'forbidden' },
    });
  });

  it('an edit that came without its message is no message any more when that comes', () => {
    const [message, edit] = converse(['you', say('Dinnner')], ['you', ...composeEdit('1', 'Dinner')]);
    const before = extendView(emptyView, [edit!]);
    expect(bodies(before.messages)).toEqual(['< Dinner']);
    const { messages } = retellView(before, extendView(emptyView, [message!, edit!]));
    expect(messages).toMatchObject([{ id: 'a1', body: 'Dinner' }]);
  });
});

describe('a view: invitations to rooms', () => {
  const room = 'family@conference.example.org';
  const direct = xml('x', { xmlns: NS.mucDirectInvite, jid: room, reason: 'Sunday' });
  const mediated = (from: string | undefined, ...more: Element[]): Element =>
    xml('x', { xmlns: NS.mucUser }, xml('invite', { from }, ...more));

  it.each([
    ['XEP-0249 §2: from somebody', [direct], { room, from: 'you@example.org', reason: 'Sunday' }],
    [
      'XEP-0045 §7.8.2: by way of the room, which says who invites',
      [mediated('bob@example.org/phone', xml('reason', null, 'Monday')), direct],
      { room: 'you@example.org', from: 'bob@example.org', reason: 'Monday' },
    ],
    [
      'with a text for apps that do not know it',
      [direct, say('Come in')],
      { room, from: 'you@example.org', reason: 'Sunday' },
    ],
  ])('%s', (_, payload, invitation) => {
    const { messages, unread } = view(['you', ...payload]);
    expect(messages).toMatchObject([{ invitation }]);
    expect(unread).toBe(1);
  });

  it('one that does not say who invites, or where to, is none', () => {
    expect(view(['you', mediated(undefined)], ['you', xml('x', { xmlns: NS.mucDirectInvite })]).messages).toEqual([]);
  });

  it('messages without a name have that of the archive', () => {
    const lines = converse(['you', say('one')], ['you', say('two')]).map((piece) => ({
      ...piece,
      xml: piece.xml.replace(/ id=['"]\d['"]/, ''),
    }));
    expect(extendView(emptyView, lines).messages.map(({ messageId }) => messageId)).toEqual(['a1', 'a2']);
  });
});
