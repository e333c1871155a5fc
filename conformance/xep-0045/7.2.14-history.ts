import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual } from '../checks.ts';
import { check } from '../failure.ts';
import { Hall, heard } from '../hall.ts';
import type { Stage } from '../stage.ts';
import { section } from '../suite.ts';

export default section('xep-0045', '7.2.14', 'Managing discussion history', { needs: ['muc'] }, ({ test }) => {
  const requests: readonly [string, Readonly<Record<string, string>>, readonly string[]][] = [
    ['all of it', {}, ['1', '2', '3']],
    ['maxstanzas', { maxstanzas: '2' }, ['2', '3']],
    ['maxstanzas 0', { maxstanzas: '0' }, []],
    ['maxchars 0', { maxchars: '0' }, []],
    ['many maxchars', { maxchars: '65000' }, ['1', '2', '3']],
    ['seconds', { seconds: '180' }, ['1', '2', '3']],
    ['since the future', { since: '2100-01-01T00:00:00Z' }, []],
    ['since the beginning', { since: '1970-01-01T00:00:00Z' }, ['1', '2', '3']],
  ];
  for (const [what, request, wanted] of requests) {
    test(`§7.2.14 ${what}`, async (stage) => {
      const came = await enterAfterTalk(stage, xml('history', request));
      checkEqual(heard(came), wanted, 'the history');
    });
  }

  test('§7.2.14 complete stanzas that fit into maxchars, the newest ones', async (stage) => {
    const [first] = (await enterAfterTalk(stage)).filter((stanza) => stanza.child('body') !== undefined);
    const size = first?.toString(NS.client).length ?? 0;
    const came = await enterAfterTalk(stage, xml('history', { maxchars: String(Math.round(size * 2.5)) }));
    checkEqual(heard(came), ['2', '3'], 'the history');
  });

  test('§7.2.13 history has its time and its ids; a subject is none of it', async (stage) => {
    const came = await enterAfterTalk(stage);
    const past = came.filter((stanza) => stanza.child('body') !== undefined);
    for (const stanza of past) {
      check(stanza.child('delay', NS.delay)?.attrs['stamp'] !== undefined, 'no time');
      check((stanza.attrs['id'] ?? '') !== '', 'no id');
    }
  });

  test(
    '§10.2 muc#maxhistoryfetch bounds it',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      const hall = await Hall.open(alice.phone, 'Alice', { 'muc#maxhistoryfetch': '1' });
      for (const body of ['1', '2']) hall.say(alice.phone, body);
      await stage.settle();
      checkEqual(heard(await hall.enter(bob.phone, 'Bob')), ['2'], 'the history');
    },
    ['muc-complete'],
  );
});

/** What somebody gets who enters after three messages. */
async function enterAfterTalk(stage: Stage, ...inside: Element[]): Promise<Element[]> {
  const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
  const hall = await Hall.open(alice.phone, 'Alice');
  alice.phone.message({ to: hall.jid, type: 'groupchat' }, xml('subject', null, 'Numbers'));
  for (const body of ['1', '2', '3']) hall.say(alice.phone, body);
  await stage.settle();
  return hall.enter(bob.phone, 'Bob', ...inside);
}
