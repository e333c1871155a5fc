import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCase, anySessions } from '../test/arbitraries.ts';
import { classify } from './classify.ts';
import type { Message } from './message.ts';
import type { AccountFacts, Plan, SessionFacts, Side, World } from './plan.ts';
import { planMessage } from './plan-message.ts';

const RUNS = { numRuns: 3000 };

/** The same world with other sessions; the session that sends is told apart by its name, not by its place. */
function withSessions(world: World, sessions: (account: AccountFacts) => readonly SessionFacts[]): World {
  const { sender, recipient } = world;
  return {
    ...world,
    ...(sender === undefined ? {} : { sender: { ...sender, sessions: sessions(sender) } }),
    recipient: recipient === undefined ? undefined : { ...recipient, sessions: sessions(recipient) },
  };
}

/** The account that a delivery is for, and its session: the same on both sides of a message to oneself. */
function placesOf(plan: Plan, world: World): string[] {
  return plan.deliveries.map(
    ({ side, resource }) => `${(side === 'sender' ? world.sender : world.recipient)?.jid}/${resource}`,
  );
}

function sessionOf(world: World, side: Side, resource: string): SessionFacts | undefined {
  return world[side]?.sessions.find((session) => session.resource === resource);
}

type Given = { readonly message: Message; readonly world: World; readonly plan: Plan };

/** Checks every plan; `when` leaves out those that a rule says nothing about. */
function forAll(check: (given: Given) => void, when: (given: Given) => boolean = () => true): void {
  fc.assert(
    fc.property(anyCase, ({ message, world }) => {
      const given = { message, world, plan: planMessage(message, world) };
      fc.pre(when(given));
      check(given);
    }),
    RUNS,
  );
}

describe('the plan of any message in any world', () => {
  it('I4 A2 sessions never change rows, error or forwarding, but for the one that D3 names', () => {
    fc.assert(
      fc.property(anyCase, anySessions, ({ message, world }, sessions) => {
        const plan = planMessage(message, world);
        const other = planMessage(
          message,
          withSessions(world, () => sessions),
        );
        expect(other.rows).toEqual(plan.rows);
        expect(other.forward).toBe(plan.forward);
        expect(other.error).toEqual(plan.class === 'one' ? other.error : plan.error);
      }),
      RUNS,
    );
  });

  it('§1 the class is that of address, type and marker', () => {
    forAll(({ message, plan }) => {
      expect({ class: plan.class, rule: plan.rule }).toEqual(classify(message));
    });
  });

  it('I5 A1 class one and nobody: no row, at most one delivery, no carbon', () => {
    forAll(
      ({ plan }) => {
        expect(plan.rows).toEqual([]);
        expect(plan.deliveries.length).toBeLessThanOrEqual(plan.class === 'one' ? 1 : 0);
        expect(plan.deliveries.every(({ form }) => form === 'as-sent')).toBe(true);
      },
      ({ plan }) => plan.class !== 'everyone',
    );
  });

  it('I7 each session gets it at most once', () => {
    forAll(({ plan, world }) => {
      const places = placesOf(plan, world);
      expect(new Set(places).size).toBe(places.length);
    });
  });

  it('every delivery is to a session that is there', () => {
    forAll(({ plan, world }) => {
      const lost = plan.deliveries.filter(({ side, resource }) => sessionOf(world, side, resource) === undefined);
      expect(lost).toEqual([]);
    });
  });

  it('A1 A6 S6 at most one row a side, for an account that is there, and one where both are the same', () => {
    forAll(({ plan, world }) => {
      const sides = plan.rows.map(({ side }) => side);
      expect(new Set(sides).size).toBe(sides.length);
      expect(sides.every((side) => world[side] !== undefined)).toBe(true);
      expect(sides.length).toBeLessThanOrEqual(world.sender?.jid === world.recipient?.jid ? 1 : 2);
    });
  });

  it('D1 I7 class everyone: each IM-NG session of the recipient exactly once', () => {
    forAll(
      ({ plan, world }) => {
        const places = placesOf(plan, world);
        const imNg = (world.recipient?.sessions ?? []).filter((session) => session.imNg);
        const expected = imNg.map(({ resource }) => `${world.recipient?.jid}/${resource}`);
        expect(expected.filter((place) => places.includes(place))).toEqual(expected);
      },
      ({ plan, world: { destination, recipient, sender, roomCopy } }) =>
        plan.class === 'everyone' &&
        destination === 'account' &&
        recipient?.blocks === false &&
        sender?.blocks !== true &&
        roomCopy !== true,
    );
  });

  it('S1 S4 S5 each IM-NG session of the sender exactly once, or none at all', () => {
    forAll(
      ({ message, plan, world: { sender, destination } }) => {
        const isReflected =
          plan.class === 'everyone' &&
          message.type !== 'error' &&
          sender?.blocks === false &&
          (message.type !== 'groupchat' || destination === 'account');
        const got = plan.deliveries.filter(({ side, form }) => side === 'sender' && form === 'archived');
        const imNg = (sender?.sessions ?? []).filter((session) => session.imNg);
        expect(got.map(({ resource }) => resource)).toEqual(isReflected ? imNg.map(({ resource }) => resource) : []);
      },
      ({ world: { sender, recipient } }) => sender !== undefined && sender.jid !== recipient?.jid,
    );
  });

  it('E3 the archived form to IM-NG sessions only, carbons only to those who asked, none to the one that sends', () => {
    forAll(({ plan, world }) => {
      for (const { side, resource, form } of plan.deliveries) {
        const session = sessionOf(world, side, resource);
        const allowed = session?.imNg === true ? ['archived', 'as-sent'] : ['as-sent'];
        if (session?.carbons === true)
          allowed.push('received', ...(resource === world.sender?.resource ? [] : ['sent']));
        expect(allowed).toContain(form);
      }
    });
  });

  it('D2 legacy sessions get what they would get if there were no IM-NG sessions', () => {
    forAll(
      ({ message, plan, world }) => {
        const legacyOnly = withSessions(world, ({ sessions }) => sessions.filter(({ imNg }) => !imNg));
        const alone = planMessage(message, legacyOnly);
        expect(plan.deliveries.filter(({ form }) => form !== 'archived')).toEqual(alone.deliveries);
      },
      ({ plan }) => plan.class === 'everyone',
    );
  });

  it('RFC 6120 §8.3.1 an error never answers an error', () => {
    forAll(
      ({ plan }) => {
        expect(plan.error).toBeUndefined();
      },
      ({ message }) => message.type === 'error',
    );
  });

  it('S7 an error carries the marker exactly where the message was class one by it', () => {
    forAll(
      ({ plan }) => {
        expect(plan.error?.marked).toBe(plan.rule === 'C3');
      },
      ({ plan }) => plan.error !== undefined,
    );
  });

  it('the world stays as it was, and the same question has the same answer', () => {
    forAll(({ message, world, plan }) => {
      const before = structuredClone(world);
      expect(planMessage(message, world)).toEqual(plan);
      expect(world).toEqual(before);
    });
  });
});
