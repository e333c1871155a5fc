import { type Element, NS, parseXml, xml } from '@tutti/xmpp';
import { bodies, checkEqual } from '../checks.ts';
import { boshUrl } from '../client/bosh.ts';
import { check } from '../failure.ts';
import type { Stage } from '../stage.ts';
import { section } from '../suite.ts';

const FIRST = 1_000_000;

export default section('xep-0206', '5', 'XMPP over BOSH', { stands: ['bosh'] }, ({ test }) => {
  test('XEP-0124 §7 a session is agreed on, and the features come with it', async (stage) => {
    const answer = await post(stage, FIRST, `to='${stage.domain}' hold='1' wait='60' ver='1.6' xmpp:version='1.0'`);
    const { sid, wait, requests } = answer.attrs;
    check(sid !== undefined && sid !== '', 'there is a sid');
    check(Number(wait) > 0 && Number(wait) <= 60, `wait must be 60 or less: ${wait ?? ''}`);
    check(Number(requests) >= 2, `requests must be more than hold: ${requests ?? ''}`);
    check(answer.child('features', NS.stream) !== undefined, 'the features come with it');
    await post(stage, FIRST + 1, `sid='${sid}' type='terminate'`);
  });

  test('§5 §6 logs in, restarts, binds, and talks', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    for (let number = 0; number < 20; number += 1) alice.phone.message({ to: bob.jid, type: 'chat' }, `${number}`);
    const news = await stage.news(alice.phone);
    checkEqual(
      bodies(news.get(bob.phone) ?? []),
      Array.from({ length: 20 }, (_, n) => `${n}`),
      'what bob hears',
    );
  });

  test('XEP-0124 §14.2 a number out of the window: item-not-found', async (stage) => {
    const { sid } = (await post(stage, FIRST, `to='${stage.domain}' hold='1' wait='60' ver='1.6'`)).attrs;
    const answer = await post(stage, FIRST + 10, `sid='${sid}'`);
    checkEqual(answer.attrs['type'], 'terminate', 'the type');
    checkEqual(answer.attrs['condition'], 'item-not-found', 'the condition');
  });

  test('XEP-0124 §14.3 an answer that was lost is given again', async (stage) => {
    const first = await post(stage, FIRST, `to='${stage.domain}' hold='1' wait='60' ver='1.6'`);
    const again = await post(stage, FIRST, `to='${stage.domain}' sid='${first.attrs['sid']}'`);
    checkEqual(again.toString(), first.toString(), 'the answer');
    await post(stage, FIRST + 1, `sid='${first.attrs['sid']}' type='terminate'`);
  });

  test('XEP-0124 §7 a domain that nobody serves', async (stage) => {
    const answer = await post(stage, FIRST, "to='nobody.invalid' hold='1' wait='60' ver='1.6'");
    checkEqual(answer.attrs['type'], 'terminate', 'the type');
    check(['host-unknown', 'improper-addressing'].includes(answer.attrs['condition'] ?? ''), answer.toString());
  });

  test('XEP-0124 §13 the end, with a last word', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await stage.befriend(alice.phone, bob.phone);
    const gone = alice.phone.receive((one) => one.name === 'presence' && one.attrs['type'] === 'unavailable');
    bob.phone.wire.send(xml('presence', { type: 'unavailable' }, xml('status', null, 'off')));
    await bob.phone.wire.close();
    checkEqual((await gone).child('status')?.text(), 'off', 'the status');
    check(bob.phone.wire.ended, 'the server closes the stream, too');
  });
});

async function post(stage: Stage, rid: number, attributes: string): Promise<Element> {
  const body = `<body xmlns='${NS.httpBind}' xmlns:xmpp='${NS.xbosh}' rid='${rid}' xml:lang='en' ${attributes}/>`;
  const response = await fetch(boshUrl(stage.address), { method: 'POST', body });
  checkEqual(response.status, 200, 'the status');
  return parseXml(await response.text());
}
