import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCase, anySessions } from '../test/arbitraries.ts';
import { classify } from './classify.ts';
import type { Message } from './message.ts';
import type { AccountFacts, Plan, SessionFacts, World } from './plan.ts';
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

function forAll(
  check: (given: { readonly message: Message; readonly world: World; readonly plan: Plan }) => void,
): void {
  fc.assert(
    fc.property(anyCase, ({ message, world }) => {
      check({ message, world, plan: planMessage(message, world) });
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
        if (plan.class !== 'one') expect(other.error).toEqual(plan.error);
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
    forAll(({ plan }) => {
      if (plan.class === 'everyone') return;
      expect(plan.rows).toEqual([]);
      expect(plan.deliveries.length).toBeLessThanOrEqual(plan.class === 'one' ? 1 : 0);
      expect(plan.deliveries.every(({ form }) => form === 'as-sent')).toBe(true);
    });
  });

  it('I7 each session gets it at most once', () => {
    forAll(({ plan, world }) => {
      const places = placesOf(plan, world);
      expect(new Set(places).size).toBe(places.length);
    });
  });

  it('every delivery is to a session that is there', () => {
    forAll(({ plan, world }) => {
      for (const { side, resource } of plan.deliveries) {
        expect(world[side]?.sessions.some((session) => session.resource === resource)).toBe(true);
      }
    });
  });

  it('A1 A6 at most one row a side, for an account that is there', () => {
    forAll(({ plan, world }) => {
      const sides = plan.rows.map(({ side }) => side);
      expect(new Set(sides).size).toBe(sides.length);
      expect(sides.every((side) => world[side] !== undefined)).toBe(true);
      if (world.sender?.jid === world.recipient?.jid) expect(sides.length).toBeLessThanOrEqual(1); // S6
    });
  });

  it('D1 I7 class everyone: each IM-NG session of the recipient exactly once, as archived', () => {
    forAll(({ plan, world }) => {
      const { recipient, sender } = world;
      if (plan.class !== 'everyone' || world.destination !== 'account' || recipient === undefined) return;
      if (recipient.blocks || sender?.blocks === true || world.roomCopy === true) return;
      const places = placesOf(plan, world);
      for (const { resource } of recipient.sessions.filter(({ imNg }) => imNg)) {
        expect(places.filter((place) => place === `${recipient.jid}/${resource}`)).toHaveLength(1);
      }
    });
  });

  it('S1 S4 S5 each IM-NG session of the sender exactly once, or none at all', () => {
    forAll(({ message, plan, world }) => {
      const { sender } = world;
      if (sender === undefined || sender.jid === world.recipient?.jid) return;
      const isReflected =
        plan.class === 'everyone' &&
        message.type !== 'error' &&
        !sender.blocks &&
        (message.type !== 'groupchat' || world.destination === 'account');
      const got = plan.deliveries.filter(({ side, form }) => side === 'sender' && form === 'archived');
      const imNg = sender.sessions.filter((session) => session.imNg);
      expect(got.map(({ resource }) => resource)).toEqual(isReflected ? imNg.map(({ resource }) => resource) : []);
    });
  });

  it('E3 no carbon to an IM-NG session, none to a session that has not asked, none to the one that sends', () => {
    forAll(({ plan, world }) => {
      for (const { side, resource, form } of plan.deliveries) {
        const session = world[side]?.sessions.find((one) => one.resource === resource);
        if (session?.imNg === true) expect(['archived', 'as-sent']).toContain(form);
        if (form === 'archived') expect(session?.imNg).toBe(true);
        if (form === 'sent' || form === 'received') expect(session?.carbons).toBe(true);
        if (form === 'sent') expect(resource).not.toBe(world.sender?.resource);
      }
    });
  });

  it('D2 legacy sessions get what they would get if there were no IM-NG sessions', () => {
    forAll(({ message, plan, world }) => {
      if (plan.class !== 'everyone') return;
      const legacyOnly = withSessions(world, ({ sessions }) => sessions.filter(({ imNg }) => !imNg));
      const alone = planMessage(message, legacyOnly);
      expect(plan.deliveries.filter(({ form }) => form !== 'archived')).toEqual(alone.deliveries);
    });
  });

  it('RFC 6120 §8.3.1 an error never answers an error', () => {
    forAll(({ message, plan }) => {
      if (message.type === 'error') expect(plan.error).toBeUndefined();
    });
  });

  it('S7 an error carries the marker exactly where the message was class one by it', () => {
    forAll(({ plan }) => {
      if (plan.error !== undefined) expect(plan.error.marked).toBe(plan.rule === 'C3');
    });
  });

  it('the world stays as it was, and the same question has the same answer', () => {
    forAll(({ message, world, plan }) => {
      const before = structuredClone(world);
      expect(planMessage(message, world)).toEqual(plan);
      expect(world).toEqual(before);
    });
  });
});
