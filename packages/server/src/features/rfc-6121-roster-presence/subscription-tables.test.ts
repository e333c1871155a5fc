import { JID, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { AccountView } from '../../feature.ts';
import { Roster, type Subscription } from './roster.ts';
import { Side } from './side.ts';
import { inbound, outbound, type SubscriptionState, type SubscriptionType } from './subscription-tables.ts';

/** RFC 6121 Appendix A, as it reads: existing state | route or deliver? | new state (= no change). */
const APPENDIX = `
A.2.1 outbound subscribe
None                  | yes | None + Pending Out
None + Pending Out    | yes | =
None + Pending In     | yes | None + Pending Out+In
None + Pending Out+In | yes | =
To                    | yes | =
To + Pending In       | yes | =
From                  | yes | From + Pending Out
From + Pending Out    | yes | =
Both                  | yes | =
A.2.2 outbound unsubscribe
None                  | yes | =
None + Pending Out    | yes | None
None + Pending In     | yes | =
None + Pending Out+In | yes | None + Pending In
To                    | yes | None
To + Pending In       | yes | None + Pending In
From                  | yes | =
From + Pending Out    | yes | From
Both                  | yes | From
A.2.3 outbound subscribed
None                  | no  | =
None + Pending Out    | no  | =
None + Pending In     | yes | From
None + Pending Out+In | yes | From + Pending Out
To                    | no  | =
To + Pending In       | yes | Both
From                  | no  | =
From + Pending Out    | no  | =
Both                  | no  | =
A.2.4 outbound unsubscribed
None                  | no  | =
None + Pending Out    | no  | =
None + Pending In     | yes | None
None + Pending Out+In | yes | None + Pending Out
To                    | no  | =
To + Pending In       | yes | To
From                  | yes | None
From + Pending Out    | yes | None + Pending Out
Both                  | yes | To
A.3.1 inbound subscribe
None                  | yes | None + Pending In
None + Pending Out    | yes | None + Pending Out+In
None + Pending In     | no  | =
None + Pending Out+In | no  | =
To                    | yes | To + Pending In
To + Pending In       | no  | =
From                  | no  | =
From + Pending Out    | no  | =
Both                  | no  | =
A.3.2 inbound unsubscribe
None                  | no  | =
None + Pending Out    | no  | =
None + Pending In     | yes | None
None + Pending Out+In | yes | None + Pending Out
To                    | no  | =
To + Pending In       | yes | To
From                  | yes | None
From + Pending Out    | yes | None + Pending Out
Both                  | yes | To
A.3.3 inbound subscribed
None                  | no  | =
None + Pending Out    | yes | To
None + Pending In     | no  | =
None + Pending Out+In | yes | To + Pending In
To                    | no  | =
To + Pending In       | no  | =
From                  | no  | =
From + Pending Out    | yes | Both
Both                  | no  | =
A.3.4 inbound unsubscribed
None                  | no  | =
None + Pending Out    | yes | None
None + Pending In     | no  | =
None + Pending Out+In | yes | None + Pending In
To                    | yes | None
To + Pending In       | yes | None + Pending In
From                  | no  | =
From + Pending Out    | yes | From
Both                  | yes | From`;

interface Cell {
  readonly section: string;
  readonly direction: string;
  readonly type: SubscriptionType;
  readonly state: SubscriptionState;
  readonly passes: boolean;
  readonly next: SubscriptionState;
}

function readAppendix(): Cell[] {
  let heading = { section: '', direction: '', type: 'subscribe' as SubscriptionType };
  return APPENDIX.trim()
    .split('\n')
    .flatMap((line) => {
      const [state, passes, next] = line.split('|').map((part) => part.trim()) as [SubscriptionState, string?, string?];
      if (passes === undefined) {
        const [section = '', direction = '', type] = line.split(' ');
        heading = { section, direction, type: type as SubscriptionType };
        return [];
      }
      return [
        { ...heading, state, passes: passes === 'yes', next: (next === '=' ? state : next) as SubscriptionState },
      ];
    });
}

const contact = JID.parse('romeo@montague.example');
const account = { jid: JID.parse('juliet@capulet.example') } as AccountView;
const stanza = xml('presence', { type: 'subscribe' });

/** The account's side, in a state. */
function sideIn(state: SubscriptionState, approved = false): Side {
  const roster = new Roster();
  const [kept = '', pending = ''] = state.split(' + Pending ');
  const item = {
    jid: contact,
    name: 'Romeo',
    groups: ['Friends'],
    subscription: kept.toLowerCase() as Subscription,
    ask: pending.startsWith('Out'),
    approved,
    version: 1,
  };
  roster.put(contact.toString(), item);
  if (pending.endsWith('In')) roster.requests.add(contact.toString());
  return new Side(account, roster, contact);
}

describe('RFC 6121 Appendix A', () => {
  const cells = readAppendix();

  it('has a cell for each of nine states and eight stanzas', () => {
    expect(new Set(cells.map(({ direction, type, state }) => `${direction} ${type} ${state}`)).size).toBe(72);
  });

  it.each(cells)('$section $direction $type in $state', ({ direction, type, state, passes, next }) => {
    const table = direction === 'outbound' ? outbound : inbound;
    expect(table[type][state]).toMatchObject({ passes });
    expect(table[type][state].next ?? state).toBe(next);
    const side = sideIn(state);
    expect(side.state).toBe(state);
    const transition = direction === 'outbound' ? side.send(type) : side.receive(type, stanza);
    expect(transition.passes).toBe(passes);
    expect(side.state).toBe(next);
    expect(side.item).toMatchObject({ name: 'Romeo', groups: ['Friends'] });
  });

  it('A.3.1 answers for whoever is subscribed already', () => {
    const answering = cells.filter(
      ({ direction, type, state }) => direction === 'inbound' && inbound[type][state].answer !== undefined,
    );
    expect(answering.map(({ type, state }) => `${type} ${state}`)).toEqual([
      'subscribe From',
      'subscribe From + Pending Out',
      'subscribe Both',
    ]);
  });

  it.each(['None', 'None + Pending Out', 'To'] as const)(
    '§3.4.2 a pre-approval in %s is given, used up and taken back',
    (state) => {
      const giving = sideIn(state);
      expect(giving.send('subscribed').passes).toBe(false);
      expect(giving.state).toBe(state);
      expect(giving.item?.approved).toBe(true);

      const used = sideIn(state, true);
      expect(used.receive('subscribe', stanza)).toMatchObject({ passes: false, answer: 'subscribed' });
      const next = { None: 'From', 'None + Pending Out': 'From + Pending Out', To: 'Both' } as const;
      expect(used.state).toBe(next[state]);
      expect(used.item?.approved).toBe(false);

      const takenBack = sideIn(state, true);
      expect(takenBack.send('unsubscribed').passes).toBe(false);
      expect(takenBack.state).toBe(state);
      expect(takenBack.item?.approved).toBe(false);
    },
  );

  it('§3.1.3 a request alone puts nobody into the roster', () => {
    const roster = new Roster();
    const side = new Side(account, roster, contact);
    side.receive('subscribe', stanza);
    expect(side.change).toEqual({ account, contact, item: undefined, request: stanza });
  });

  it('writes nothing when nothing changes', () => {
    const side = sideIn('Both');
    side.send('subscribe');
    side.receive('subscribed', stanza);
    expect(side.change).toBeUndefined();
  });
});
