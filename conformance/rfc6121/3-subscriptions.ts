import { checkEqual, checkNothing } from '../checks.ts';
import { check } from '../failure.ts';
import { type Contact, fetchRoster, presencesIn, pushesIn } from '../roster.ts';
import type { Person, Stage } from '../stage.ts';
import { isPresence } from '../stage.ts';
import { section } from '../suite.ts';
import type { Device } from '../client/device.ts';

/** One direction of a subscription. */
type Edge = 'none' | 'pending' | 'subscribed';
/** `out`: from alice to bob's presence; `in`: from bob to alice's. Appendix A.1's nine states. */
interface State {
  readonly out: Edge;
  readonly in: Edge;
}

const EDGES: readonly Edge[] = ['none', 'pending', 'subscribed'];
const ACTIONS = ['subscribe', 'unsubscribe', 'subscribed', 'unsubscribed'] as const;
type Action = (typeof ACTIONS)[number];

export default section('rfc6121', '3', 'Managing presence subscriptions', {}, ({ test }) => {
  for (const out of EDGES) {
    for (const back of EDGES) {
      for (const action of ACTIONS) {
        const before: State = { out, in: back };
        test(`§A.2 §A.3 ${name(before)}: alice sends ${action}`, async (stage) =>
          playTransition(stage, before, action));
      }
    }
  }

  test('§3.1.2 a request has the bare JIDs, and shows in the roster as ask', async (stage) => {
    const { alice, bob } = await castWithRosters(stage);
    alice.phone.presence({ type: 'subscribe', to: bob.phone.jid });
    const request = await bob.phone.receive((stanza) => isPresence(stanza, 'subscribe', alice.jid));
    checkEqual([request.attrs['from'], request.attrs['to']], [alice.jid, bob.jid], 'the addresses');
    const [push] = pushesIn(await alice.phone.flush());
    checkEqual([push?.subscription, push?.ask], ['none', true], "alice's push");
  });

  test('§3.1.3 a request to somebody offline waits for the next initial presence, and for every one until it is answered', async (stage) => {
    const account = await stage.account('bob');
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    alice.phone.presence({ type: 'subscribe', to: account.jid });
    await stage.news(alice.phone);
    for (const round of ['first', 'second']) {
      const bob = await stage.join('bob', account, `${round}=legacy`);
      check(
        bob.transcript.some((stanza) => isPresence(stanza, 'subscribe', alice.jid)),
        `no request at the ${round} login`,
      );
      await stage.leave(bob);
    }
  });

  test("§3.1.5 approval: pushes on both sides, and the contact's presence arrives", async (stage) => {
    const { alice, bob } = await castWithRosters(stage);
    alice.phone.presence({ type: 'subscribe', to: bob.jid });
    await bob.phone.receive((stanza) => isPresence(stanza, 'subscribe', alice.jid));
    await stage.settle();
    bob.phone.presence({ type: 'subscribed', to: alice.jid });
    const news = await stage.news(bob.phone);
    const toAlice = news.get(alice.phone) ?? [];
    checkEqual(
      pushesIn(toAlice).map(({ subscription, ask }) => [subscription, ask]),
      [['to', false]],
      "alice's push",
    );
    checkEqual(
      pushesIn(news.get(bob.phone) ?? []).map(({ subscription }) => subscription),
      ['from'],
      "bob's push",
    );
    checkEqual(presencesIn(toAlice).sort(), [`available ${bob.phone.jid}`, `subscribed ${bob.jid}`], 'what alice sees');
  });

  test('§3.2.2 cancelling: the user is told, and sees the contact go', async (stage) => {
    const { alice, bob } = await castWithRosters(stage);
    await stage.befriend(alice.phone, bob.phone);
    bob.phone.presence({ type: 'unsubscribed', to: alice.jid });
    const toAlice = (await stage.news(bob.phone)).get(alice.phone) ?? [];
    check(presencesIn(toAlice).includes(`unsubscribed ${bob.jid}`), 'no unsubscribed');
    check(
      presencesIn(toAlice).some((one) => one.startsWith(`unavailable ${bob.jid}`)),
      'no unavailable presence',
    );
  });

  test('§3.3.2 unsubscribing: the contact is told, and goes', async (stage) => {
    const { alice, bob } = await castWithRosters(stage);
    await stage.befriend(alice.phone, bob.phone);
    alice.phone.presence({ type: 'unsubscribe', to: bob.jid });
    const news = await stage.news(alice.phone);
    check(presencesIn(news.get(bob.phone) ?? []).includes(`unsubscribe ${alice.jid}`), 'bob is not told');
    checkEqual(
      pushesIn(news.get(alice.phone) ?? []).map(({ subscription }) => subscription),
      ['from'],
      "alice's push",
    );
    bob.phone.presence();
    const after = (await stage.news(bob.phone)).get(alice.phone);
    checkNothing(after, 'somebody who has unsubscribed');
  });

  test(
    '§3.4 pre-approval: a request that comes later is granted at once, and nobody is asked',
    async (stage) => {
      const { alice, bob } = await castWithRosters(stage);
      bob.phone.presence({ type: 'subscribed', to: alice.jid });
      const [push] = pushesIn((await stage.news(bob.phone)).get(bob.phone) ?? []);
      checkEqual([push?.jid, push?.subscription, push?.approved], [alice.jid, 'none', true], "bob's push");
      alice.phone.presence({ type: 'subscribe', to: bob.jid });
      const granted = await alice.phone.receive((stanza) => isPresence(stanza, 'subscribed', bob.jid));
      check(granted !== undefined, 'not granted');
      const toBob = (await stage.news(alice.phone)).get(bob.phone) ?? [];
      check(!presencesIn(toBob).includes(`subscribe ${alice.jid}`), 'bob is asked all the same');
      checkEqual((await fetchRoster(bob.phone)).get(alice.jid)?.subscription, 'from', "alice in bob's roster");
    },
    ['pre-approval'],
  );

  test(
    '§3.4.2 unsubscribed takes a pre-approval back',
    async (stage) => {
      const { alice, bob } = await castWithRosters(stage);
      bob.phone.presence({ type: 'subscribed', to: alice.jid });
      await bob.phone.fence();
      bob.phone.presence({ type: 'unsubscribed', to: alice.jid });
      await bob.phone.fence();
      alice.phone.presence({ type: 'subscribe', to: bob.jid });
      await bob.phone.receive((stanza) => isPresence(stanza, 'subscribe', alice.jid));
      checkEqual((await fetchRoster(bob.phone)).get(alice.jid)?.approved ?? false, false, 'the approval');
    },
    ['pre-approval'],
  );

  test('§3.1.3 a request to an account that does not exist is refused or forgotten, and never granted', async (stage) => {
    const { alice } = await castWithRosters(stage);
    alice.phone.presence({ type: 'subscribe', to: `nobody-of-that-name@${stage.domain}` });
    const seen = presencesIn((await stage.news(alice.phone)).get(alice.phone) ?? []);
    check(!seen.some((one) => one.startsWith('subscribed')), 'granted');
  });
});

async function playTransition(stage: Stage, before: State, action: Action): Promise<void> {
  const { alice, bob } = await castWithRosters(stage);
  await establish(alice.phone, bob.phone, before.out);
  await establish(bob.phone, alice.phone, before.in);
  await stage.settle();
  checkEqual(await stateOf(alice, bob), describeState(before), 'the state before');
  alice.phone.presence({ type: action, to: bob.jid });
  await stage.news(alice.phone);
  const after = next(before, action);
  checkEqual(await stateOf(alice, bob), describeState(after), 'the state after');
  // What waits for an answer is asked again at the next login.
  const late = await bob.join('late=legacy');
  checkEqual(
    late.transcript.some((stanza) => isPresence(stanza, 'subscribe', alice.jid)),
    after.out === 'pending',
    'bob is asked',
  );
}

/** Appendix A.2 and A.3 in one sentence each: what alice sends changes one direction. */
function next(state: State, action: Action): State {
  if (action === 'subscribe') return { ...state, out: state.out === 'none' ? 'pending' : state.out };
  if (action === 'unsubscribe') return { ...state, out: 'none' };
  if (action === 'subscribed') return { ...state, in: state.in === 'pending' ? 'subscribed' : state.in };
  return { ...state, in: 'none' };
}

async function establish(asks: Device, grants: Device, edge: Edge): Promise<void> {
  if (edge === 'none') return;
  asks.presence({ type: 'subscribe', to: grants.bare });
  await grants.receive((stanza) => isPresence(stanza, 'subscribe', asks.bare));
  if (edge === 'pending') return;
  grants.presence({ type: 'subscribed', to: asks.bare });
  await asks.receive((stanza) => isPresence(stanza, 'subscribed', grants.bare));
}

/** Both rosters, as far as a subscription shows there. */
async function stateOf(alice: Person & { phone: Device }, bob: Person & { phone: Device }): Promise<readonly string[]> {
  const seen = (contact: Contact | undefined) =>
    `${contact?.subscription ?? 'none'}${contact?.ask === true ? ' asking' : ''}`;
  return [seen((await fetchRoster(alice.phone)).get(bob.jid)), seen((await fetchRoster(bob.phone)).get(alice.jid))];
}

function describeState({ out, in: back }: State): readonly string[] {
  const describe = (to: Edge, from: Edge) => {
    const subscription =
      to === 'subscribed' ? (from === 'subscribed' ? 'both' : 'to') : from === 'subscribed' ? 'from' : 'none';
    return `${subscription}${to === 'pending' ? ' asking' : ''}`;
  };
  return [describe(out, back), describe(back, out)];
}

function name({ out, in: back }: State): string {
  return `alice's is ${out}, bob's is ${back}`;
}

async function castWithRosters(stage: Stage) {
  const cast = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
  await fetchRoster(cast.alice.phone);
  await fetchRoster(cast.bob.phone);
  await stage.settle();
  return cast;
}
