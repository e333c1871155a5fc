import { describe, expect, it } from 'vitest';
import { NS, xml } from '@tutti/xmpp';
import { account, BOB, errorOf, lettersOf, message, table } from '../test/facts.ts';
import { isRoomPrivate } from './message.ts';
import { planMessage } from './plan-message.ts';
import type { World } from './plan.ts';

/** One session of every kind: what it is, and whether it is available. */
const bob = account(
  BOB,
  'phone=im-ng,0 tv=im-ng old=legacy,0 desk=legacy,carbons,5 away=legacy,carbons,-1 mute=legacy,carbons',
);
const types = ['normal', 'chat', 'headline', 'groupchat', 'error'];
const world = (given: Partial<World> = {}): World => ({
  destination: 'account',
  recipient: bob,
  policy: 'everything',
  ...given,
});

/**
 * What Bob's sessions get of a message from another server: A archived, = as sent, R a carbon.
 * Every address × type × marker once; `+` in the error: with the marker.
 */
const TABLE = table(`
  C1 D1 D2 | bare  | normal    | any | row | A A = = R R | -
  C1 D1 D2 | bare  | chat      | any | row | A A = = R R | -
  C1 D1 D2 | bare  | headline  | any | row | A A = = . . | -
  C1 D1 D2 | bare  | groupchat | any | row | A A . . . . | -
  C2       | bare  | error     | any | -   | . . . . . . | -
  C5 D1 D2 | phone | normal    | no  | row | A A . R R R | -
  C5 D1 D2 | phone | chat      | no  | row | A A = = R R | -
  C6 D3    | phone | headline  | no  | -   | = . . . . . | -
  C6 D3    | phone | groupchat | no  | -   | = . . . . . | -
  C4 D1 D2 | phone | error     | no  | row | A A . R R R | -
  C5 D1 D2 | old   | normal    | no  | row | A A = R R R | -
  C5 D1 D2 | old   | chat      | no  | row | A A = R R R | -
  C6 D3    | old   | headline  | no  | -   | . . = . . . | -
  C6 D3    | old   | groupchat | no  | -   | . . = . . . | -
  C4 D1 D2 | old   | error     | no  | row | A A = R R R | -
  C5 D1 D2 | desk  | normal    | no  | row | A A . = R R | -
  C5 D1 D2 | desk  | chat      | no  | row | A A . = R R | -
  C6 D3    | desk  | headline  | no  | -   | . . . = . . | -
  C6 D3    | desk  | groupchat | no  | -   | . . . = . . | -
  C4 D1 D2 | desk  | error     | no  | row | A A . = R R | -
  C5 D1 D2 | mute  | normal    | no  | row | A A . R R = | -
  C5 D1 D2 | mute  | chat      | no  | row | A A . R R = | -
  C6 D3    | mute  | headline  | no  | -   | . . . . . = | -
  C6 D3    | mute  | groupchat | no  | -   | . . . . . = | -
  C4 D1 D2 | mute  | error     | no  | row | A A . R R = | -
  C5 D1 D2 | gone  | normal    | no  | row | A A . R R R | -
  C5 D1 D2 | gone  | chat      | no  | row | A A = = R R | -
  C6 D3    | gone  | headline  | no  | -   | . . . . . . | -
  C6 D3    | gone  | groupchat | no  | -   | . . . . . . | service-unavailable
  C4 D1 D2 | gone  | error     | no  | row | A A . R R R | -
  C3 D3    | phone | all       | yes | -   | = . . . . . | -
  C3 D3    | old   | all       | yes | -   | . . = . . . | -
  C3 D3    | desk  | all       | yes | -   | . . . = . . | -
  C3 D3    | mute  | all       | yes | -   | . . . . . = | -
  C3 D3    | gone  | normal    | yes | -   | . . . . . . | service-unavailable+
  C3 D3    | gone  | chat      | yes | -   | . . . . . . | service-unavailable+
  C3 D3    | gone  | headline  | yes | -   | . . . . . . | service-unavailable+
  C3 D3    | gone  | groupchat | yes | -   | . . . . . . | service-unavailable+
  C3 D3    | gone  | error     | yes | -   | . . . . . . | -
`);

/** The table with `any` and `all` written out. */
const CASES = TABLE.flatMap(([rules = '', to = '', type = '', marker = '', row = '', gets = '', error = '']) =>
  (type === 'all' ? types : [type]).flatMap((one) =>
    (marker === 'any' ? [false, true] : [marker === 'yes']).map((marked) => ({
      rules,
      to,
      type: one,
      marked,
      row,
      gets,
      error,
    })),
  ),
);

const addressOf = (to: string): string => (to === 'bare' ? BOB : `${BOB}/${to}`);

describe('a message for a local account', () => {
  it('the table has every address, type and marker once', () => {
    const keys = CASES.map(({ to, type, marked }) => `${to} ${type} ${marked}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBe(6 * types.length * 2);
  });

  it.each(CASES)('$rules §4 $type to $to, marker $marked', ({ rules, to, type, marked, row, gets, error }) => {
    const plan = planMessage(message({ from: 'ann@remote.example/x', to: addressOf(to), type, marked }), world());
    expect(plan.rule).toBe(rules.split(' ')[0]);
    expect(lettersOf(plan, 'recipient', bob.sessions)).toBe(gets);
    expect(errorOf(plan)).toBe(error);
    expect(plan.rows.map(({ side }) => side)).toEqual(row === 'row' ? ['recipient'] : []);
    expect(plan.deliveries.every(({ rule }) => rules.includes(rule))).toBe(true);
    expect(plan.forward).toBe(false);
  });

  it('A4 §4 ¶4 the row is addressed to the bare JID only where the message was not', () => {
    const toBare = (to: string, type: string): boolean | undefined =>
      planMessage(message({ to: addressOf(to), type }), world()).rows[0]?.toBare;
    expect(toBare('bare', 'chat')).toBe(false);
    expect(toBare('phone', 'chat')).toBe(true);
    expect(toBare('gone', 'error')).toBe(true);
  });
});

describe('A1 A7 A8 the row', () => {
  const typing = [xml('composing', { xmlns: NS.chatStates })];

  it('A7 a typing notification has the short retention, and nobody is offered it later', () => {
    const { rows } = planMessage(message({ to: BOB, type: 'chat', children: typing }), world());
    expect(rows).toMatchObject([{ transient: true, offline: false, rule: 'A1' }]);
  });

  it('A7 policy "content" keeps it out of the archive, and everybody gets it all the same', () => {
    const plan = planMessage(message({ to: BOB, type: 'chat', children: typing }), world({ policy: 'content' }));
    expect(plan.rows).toEqual([]);
    expect(lettersOf(plan, 'recipient', bob.sessions)).toBe('A A = = R R');
    expect(plan.steps.map(({ rule }) => rule)).toContain('A7');
  });

  it('A7 policy "content" archives what has a body', () => {
    expect(planMessage(message({ to: BOB }), world({ policy: 'content' })).rows).toHaveLength(1);
  });

  it('A8 XEP-0441 §2 a user who wants no archive gets everything and has no row', () => {
    const plan = planMessage(message({ to: BOB }), world({ recipient: { ...bob, archives: false } }));
    expect(plan.rows).toEqual([]);
    expect(lettersOf(plan, 'recipient', bob.sessions)).toBe('A A = = R R');
    expect(plan.steps.map(({ rule }) => rule)).toContain('A8');
  });

  it('A2 D5 §2 an account with nobody online gets its row, and nobody an error', () => {
    const plan = planMessage(message({ to: BOB }), world({ recipient: account(BOB, '') }));
    expect(plan.rows).toMatchObject([{ side: 'recipient', offline: true }]);
    expect(errorOf(plan)).toBe('-');
    expect(plan.steps.map(({ rule }) => rule)).toContain('D5');
  });
});

describe('D4 refused', () => {
  const worlds: [string, World][] = [
    ['RFC 6121 §8.5.1 unknown account', world({ recipient: undefined })],
    ['XEP-0191 §3.3 blocked sender', world({ recipient: { ...bob, blocks: true } })],
  ];
  const cases = worlds.flatMap(([name, given]) =>
    [BOB, `${BOB}/phone`].flatMap((to) =>
      types.flatMap((type) => [false, true].map((marked) => ({ name, given, to, type, marked }))),
    ),
  );

  it.each(cases)('D4 $name: $type to $to, marker $marked', ({ given, to, type, marked }) => {
    const plan = planMessage(message({ to, type, marked }), given);
    expect(plan.rows).toEqual([]);
    expect(plan.deliveries).toEqual([]);
    const answer = marked && to !== BOB ? 'service-unavailable+' : 'service-unavailable';
    expect(errorOf(plan)).toBe(type === 'error' ? '-' : answer);
  });
});

describe('D6 XEP-0045 §7.5 private messages of a room', () => {
  const room = {
    from: 'room@muc.example/nick',
    children: [xml('body', null, 'psst'), xml('x', { xmlns: NS.mucUser })],
  };
  const copy = (to: string, roomCopy: boolean, type = 'chat') =>
    planMessage(message({ ...room, to: `${BOB}/${to}`, type }), world({ roomCopy }));

  it('I6 n devices: one row, n deliveries', () => {
    const plans = [copy('phone', false), copy('tv', true), copy('desk', true)];
    expect(plans.flatMap(({ rows }) => rows)).toHaveLength(1);
    expect(plans.map((plan) => lettersOf(plan, 'recipient', bob.sessions))).toEqual([
      'A A . . . .',
      '. . . . . .',
      '. . . = . .',
    ]);
  });

  it('I7 a legacy session gets the copy that names it, whichever comes first, and no carbon', () => {
    expect(lettersOf(copy('desk', false), 'recipient', bob.sessions)).toBe('A A . = . .');
    expect(lettersOf(copy('phone', true), 'recipient', bob.sessions)).toBe('. . . . . .');
    expect(lettersOf(copy('gone', false), 'recipient', bob.sessions)).toBe('A A . . . .');
    expect(lettersOf(copy('old', true, 'normal'), 'recipient', bob.sessions)).toBe('. . = . . .');
  });

  it.each([
    ['phone', 'chat', false, true],
    ['phone', 'normal', false, true],
    ['phone', 'headline', false, false],
    ['phone', 'groupchat', false, false],
    ['phone', 'error', false, false],
    ['phone', 'chat', true, false],
    ['', 'chat', false, false],
  ])('XEP-0045 §7.5 to [%s] of type %s, marker %s: is one: %s', (resource, type, marked, isOne) => {
    const to = resource === '' ? BOB : `${BOB}/${resource}`;
    expect(isRoomPrivate(message({ ...room, to, type, marked }))).toBe(isOne);
    expect(isRoomPrivate(message({ to, type, marked }))).toBe(false);
  });

  it('an invitation is no private message', () => {
    const invitation = [xml('x', { xmlns: NS.mucUser }, xml('invite', { from: 'ann@remote.example' }))];
    const plan = planMessage(message({ from: 'room@muc.example', to: BOB, children: invitation }), world());
    expect(lettersOf(plan, 'recipient', bob.sessions)).toBe('A A = = R R');
  });

  it('a session of this server is no room, whatever it writes: Carbons are made of it', () => {
    const played = message({
      from: 'mallory@tutti.example/x',
      to: `${BOB}/gone`,
      type: 'chat',
      children: room.children,
    });
    const mallory = { ...account('mallory@tutti.example', 'x=legacy,0'), resource: 'x' };
    expect(lettersOf(planMessage(played, world({ sender: mallory })), 'recipient', bob.sessions)).toBe('A A = = R R');
  });
});
