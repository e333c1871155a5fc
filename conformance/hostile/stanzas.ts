import { type Element, NS } from '@tutti/xmpp';
import { checkEqual, checkErrorIs, checkNothing } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';
import { type Answer, HOSTILE_STANZAS } from './table.ts';

/** RFC 6120 §8, and its extensions: each hostile stanza has its exact answer, and does no harm. */
export default section(
  'hostile',
  'stanzas',
  'Hostile stanzas, each with its answer, and the server unharmed',
  { stands: ['tcp', 'ws'], needs: ['restart'] },
  ({ test }) => {
    for (const [title, stanza, answer, judgeBob] of HOSTILE_STANZAS) {
      test(`${title}: ${describe(answer)}`, async (stage) => {
        const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
        const victims = { alice: alice.phone, bob: bob.phone };
        alice.phone.wire.send(stanza(victims));
        await checkAnswer(alice.phone, answer);
        await bob.phone.fence();
        judgeBob?.(
          bob.phone.news().filter((one) => one.attrs['from'] !== undefined),
          victims,
        );
        bob.phone.mark();
        // unharmed: another session of the same account comes, and talks to bob
        const again = await alice.join('again=legacy');
        again.message({ to: bob.jid, type: 'chat', id: 'alive' }, 'still there?');
        await bob.phone.receive((one) => one.attrs['id'] === 'alive');
      });
    }
  },
);

async function checkAnswer(device: Device, answer: Answer): Promise<void> {
  if (answer === 'nothing') {
    await device.fence();
    return checkNothing(
      device.news().filter(({ name }) => name !== 'presence'),
      'the sender',
    );
  }
  if ('stream' in answer) {
    await device.wire.waitClosed();
    const condition = device.wire.streamError?.elements.find(({ ns }) => ns === NS.streams)?.name;
    const wanted = [answer.stream].flat();
    return check(
      condition !== undefined && wanted.includes(condition),
      `the stream error is ${condition}, must be ${wanted.join(' or ')}`,
    );
  }
  if ('element' in answer) {
    const element = await device.expect(({ name }) => name === answer.element);
    return check(element.child(answer.condition, NS.stanzas) !== undefined, `the answer is ${element.toString()}`);
  }
  const isIt = ({ attrs, name }: Element) => attrs['id'] === 'hostile' || (name === 'iq' && attrs['id'] === undefined);
  await device.receive(isIt);
  await device.fence();
  const answers = device.transcript.filter(isIt);
  checkEqual(answers.length, 1, 'the number of answers');
  const [got] = answers;
  if ('result' in answer) return checkEqual(got?.attrs['type'], 'result', 'the answer');
  if (got !== undefined) checkErrorIs(got, answer.error);
}

function describe(answer: Answer): string {
  if (answer === 'nothing') return 'no answer';
  if ('result' in answer) return 'a result';
  if ('element' in answer) return `<${answer.element}/> with <${answer.condition}/>`;
  if ('stream' in answer) return `stream error <${[answer.stream].flat().join('/> or <')}/>`;
  return `<${[answer.error].flat().join('/> or <')}/>`;
}
