import { describe, expect, it } from 'vitest';
import { NS, xml } from '@tutti/xmpp';
import { account, ALICE, BOB, errorOf, lettersOf, message, sender, table } from '../test/facts.ts';
import { planMessage } from './plan-message.ts';
import type { World } from './plan.ts';

const devices = 'phone=im-ng,0 tv=im-ng old=legacy,0 desk=legacy,carbons,5 mute=legacy,carbons';
const bob = account(BOB, 'phone=im-ng,0');
const types = ['normal', 'chat', 'headline', 'groupchat', 'error'];
const destinations = ['account', 'service', 'remote'] as const;
const from = (session: string): World['sender'] => sender(ALICE, session, devices);

const world = (session: string, destination: World['destination']): World => ({
  destination,
  sender: from(session) as NonNullable<World['sender']>,
  recipient: destination === 'account' ? bob : undefined,
  policy: 'everything',
});

/** What Alice's sessions get of what one of them sends: A the archived stanza, S a carbon. */
const TABLE = table(`
  C1 S1 S2 | bare | normal    | any | all            | phone | row | A A . S S
  C1 S1 S2 | bare | normal    | any | all            | desk  | row | A A . . S
  C1 S1 S2 | bare | normal    | any | all            | old   | row | A A . S S
  C1 S1 S2 | bare | chat      | any | all            | phone | row | A A . S S
  C1 S1 S2 | bare | chat      | any | all            | desk  | row | A A . . S
  C1 S1 S2 | bare | chat      | any | all            | old   | row | A A . S S
  C1 S1    | bare | headline  | any | all            | every | row | A A . . .
  C1 S1    | bare | groupchat | any | account        | every | row | A A . . .
  C1 S4    | bare | groupchat | any | service remote | every | -   | . . . . .
  C2       | bare | error     | any | all            | every | -   | . . . . .
  C5 S1 S2 | full | normal    | no  | all            | phone | row | A A . S S
  C5 S1 S2 | full | normal    | no  | all            | desk  | row | A A . . S
  C5 S1 S2 | full | normal    | no  | all            | old   | row | A A . S S
  C5 S1 S2 | full | chat      | no  | all            | phone | row | A A . S S
  C5 S1 S2 | full | chat      | no  | all            | desk  | row | A A . . S
  C5 S1 S2 | full | chat      | no  | all            | old   | row | A A . S S
  C6 S5    | full | headline  | no  | all            | every | -   | . . . . .
  C6 S5    | full | groupchat | no  | all            | every | -   | . . . . .
  C4 S5    | full | error     | no  | all            | every | -   | . . . . .
  C3 S5    | full | normal    | yes | all            | every | -   | . . . . .
  C3 S5    | full | chat      | yes | all            | every | -   | . . . . .
  C3 S5    | full | headline  | yes | all            | every | -   | . . . . .
  C3 S5    | full | groupchat | yes | all            | every | -   | . . . . .
  C3 S5    | full | error     | yes | all            | every | -   | . . . . .
`);

const CASES = TABLE.flatMap(
  ([rules = '', to = '', type = '', marker = '', where = '', who = '', row = '', gets = '']) =>
    (where === 'all' ? destinations : (where.split(' ') as (typeof destinations)[number][])).flatMap((destination) =>
      (who === 'every' ? ['phone', 'desk', 'old'] : [who]).flatMap((session) =>
        (marker === 'any' ? [false, true] : [marker === 'yes']).map((marked) => {
          return { rules, to, type, marked, destination, session, row, gets };
        }),
      ),
    ),
);

const ADDRESSES = { account: BOB, service: 'room@muc.example.org', remote: 'ann@remote.example' };

describe('a message from a local session', () => {
  it('the table has every address, type, marker, destination and kind of sender once', () => {
    const keys = CASES.map(({ to, type, marked, destination, session }) =>
      [to, type, marked, destination, session].join(),
    );
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBe(2 * types.length * 2 * destinations.length * 3);
  });

  it.each(CASES)('$rules §3.3 $session sends $type to $to of $destination, marker $marked', (given) => {
    const { rules, type, marked, destination, session, row, gets } = given;
    const to = given.to === 'bare' ? ADDRESSES[destination] : `${ADDRESSES[destination]}/phone`;
    const plan = planMessage(message({ from: `${ALICE}/${session}`, to, type, marked }), world(session, destination));
    expect(plan.rule).toBe(rules.split(' ')[0]);
    expect(lettersOf(plan, 'sender', from(session)?.sessions ?? [])).toBe(gets);
    const rows = plan.rows.filter(({ side }) => side === 'sender');
    expect(rows).toEqual(
      row === 'row' ? [{ side: 'sender', toBare: false, transient: false, offline: false, rule: 'S1' }] : [], // S3
    );
    expect(plan.forward).toBe(destination !== 'account' && plan.class !== 'nobody');
    const rulesUsed = [...plan.deliveries.filter(({ side }) => side === 'sender'), ...rows].map(({ rule }) => rule);
    expect(rulesUsed.every((rule) => rules.includes(rule))).toBe(true);
  });
});

describe('both sides', () => {
  it('A6 §4 ¶3 between two local accounts: two rows, the sender’s first', () => {
    const plan = planMessage(message({ to: BOB, type: 'chat' }), world('phone', 'account'));
    expect(plan.rows.map(({ side }) => side)).toEqual(['sender', 'recipient']);
  });

  it('D4 S7 what the other side refuses is archived and reflected for the sender, and answered', () => {
    const plan = planMessage(message({ to: BOB, type: 'chat' }), {
      ...world('phone', 'account'),
      recipient: { ...bob, blocks: true },
    });
    expect(plan.rows.map(({ side }) => side)).toEqual(['sender']);
    expect(errorOf(plan)).toBe('service-unavailable');
  });

  it.each(destinations)(
    'D4 XEP-0191 §3.3 to somebody whom the sender blocks, at %s: refused, no row at all',
    (destination) => {
      const plan = planMessage(message({ to: ADDRESSES[destination] }), {
        ...world('phone', destination),
        sender: sender(ALICE, 'phone', devices, { blocks: true }),
      });
      expect(plan).toMatchObject({ rows: [], deliveries: [], forward: false });
      expect(errorOf(plan)).toBe('not-acceptable');
    },
  );

  it('A7 A8 S1 what is not archived for the sender is reflected all the same', () => {
    const typing = message({ to: BOB, type: 'chat', children: [xml('composing', { xmlns: NS.chatStates })] });
    const content = planMessage(typing, { ...world('phone', 'account'), policy: 'content' });
    const never = planMessage(message({ to: BOB, type: 'chat' }), {
      ...world('phone', 'account'),
      sender: sender(ALICE, 'phone', devices, { archives: false }),
    });
    expect(content.rows).toEqual([]);
    expect(never.rows.map(({ side }) => side)).toEqual(['recipient']);
    for (const plan of [content, never])
      expect(lettersOf(plan, 'sender', from('phone')?.sessions ?? [])).toBe('A A . S S');
  });
});

/** What Alice's sessions get of what she sends to herself, from her IM-NG phone and from her legacy desk. */
const SELF = table(`
  C7 S6    |       | normal    | any | row | A A = = S | A A = = S
  C7 S6    |       | chat      | any | row | A A = = S | A A = = S
  C7 S6    |       | headline  | any | row | A A = = . | A A = = .
  C7 S6    |       | groupchat | any | row | A A . . . | A A . . .
  C2       |       | error     | any | -   | . . . . . | . . . . .
  C1 S6    | bare  | normal    | any | row | A A = = S | A A = = S
  C1 S6    | bare  | chat      | any | row | A A = = S | A A = = S
  C1 S6    | bare  | headline  | any | row | A A = = . | A A = = .
  C1 S6    | bare  | groupchat | any | row | A A . . . | A A . . .
  C2       | bare  | error     | any | -   | . . . . . | . . . . .
  C5 S6    | tv    | normal    | no  | row | A A . S S | A A . . S
  C5 S6    | tv    | chat      | no  | row | A A = = S | A A = = S
  C6 S5 D3 | tv    | headline  | no  | -   | . = . . . | . = . . .
  C6 S5 D3 | tv    | groupchat | no  | -   | . = . . . | . = . . .
  C4 S5 D1 | tv    | error     | no  | row | A A . R R | A A . R R
  C5 S6    | mute  | normal    | no  | row | A A . S = | A A . . =
  C5 S6    | mute  | chat      | no  | row | A A . S = | A A . . =
  C6 S5 D3 | mute  | headline  | no  | -   | . . . . = | . . . . =
  C6 S5 D3 | mute  | groupchat | no  | -   | . . . . = | . . . . =
  C4 S5 D1 | mute  | error     | no  | row | A A . R = | A A . R =
  C3 S5 D3 | tv    | all       | yes | -   | . = . . . | . = . . .
  C3 S5 D3 | mute  | all       | yes | -   | . . . . = | . . . . =
`);

const SELF_CASES = SELF.flatMap(([rules = '', to = '', type = '', marker = '', row = '', byPhone = '', byDesk = '']) =>
  (type === 'all' ? types : [type]).flatMap((one) =>
    (marker === 'any' ? [false, true] : [marker === 'yes']).flatMap((marked) => [
      { rules, to, type: one, marked, row, session: 'phone', gets: byPhone },
      { rules, to, type: one, marked, row, session: 'desk', gets: byDesk },
    ]),
  ),
);

describe('S6 a message to the own account', () => {
  it('the table has every address, type, marker and kind of sender once', () => {
    const keys = SELF_CASES.map(({ to, type, marked, session }) => [to, type, marked, session].join());
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBe(4 * types.length * 2 * 2);
  });

  it.each(SELF_CASES)('$rules §3.3 $session sends $type to own [$to], marker $marked', (given) => {
    const { rules, to, type, marked, row, session, gets } = given;
    const address = to === '' ? undefined : to === 'bare' ? ALICE : `${ALICE}/${to}`;
    const own = from(session) as NonNullable<World['sender']>;
    const plan = planMessage(message({ from: `${ALICE}/${session}`, to: address, type, marked }), {
      ...world(session, 'account'),
      recipient: own,
    });
    const both = { ...plan, deliveries: plan.deliveries.map((one) => ({ ...one, side: 'sender' as const })) };
    expect(lettersOf(both, 'sender', own.sessions)).toBe(gets);
    expect(plan.rows).toHaveLength(row === 'row' ? 1 : 0);
    const named = [plan, ...plan.steps, ...plan.deliveries].map(({ rule }) => rule);
    expect(named).toEqual(expect.arrayContaining(rules.split(' ')));
    expect(errorOf(plan)).toBe('-');
  });

  it('A5 D5 all deliveries belong to the side of the row, which later legacy sessions are offered', () => {
    const own = from('phone') as NonNullable<World['sender']>;
    const plan = planMessage(message({ to: ALICE, type: 'chat' }), { ...world('phone', 'account'), recipient: own });
    expect(plan.rows).toEqual([{ side: 'sender', toBare: false, transient: false, offline: true, rule: 'S6' }]);
    expect(new Set(plan.deliveries.map(({ side }) => side))).toEqual(new Set(['sender']));
  });

  it('C7 RFC 6120 §10.3.1 without an address it needs no recipient', () => {
    const plan = planMessage(message({ to: undefined }), { ...world('phone', 'account'), recipient: undefined });
    expect(plan.rows).toHaveLength(1);
    expect(errorOf(plan)).toBe('-');
  });

  it('D3 a marked message to an own session that is not there comes back to the sender alone', () => {
    const own = from('phone') as NonNullable<World['sender']>;
    const plan = planMessage(message({ to: `${ALICE}/gone`, marked: true }), {
      ...world('phone', 'account'),
      recipient: own,
    });
    expect(errorOf(plan)).toBe('service-unavailable+');
  });
});
