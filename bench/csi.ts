/**
 * What XEP-0352 saves a phone, in the real core with a clock that is turned by hand:
 * `node --conditions=source bench/csi.ts [--contacts 60] [--hours 8] [--seed 1]`
 */
import { parseArgs } from 'node:util';
import { type Element, NS, xml } from '@tutti/xmpp';
import { FakeRandom } from '../packages/server/test/fake-random.ts';
import { createWorld } from '../packages/server/test/world.ts';

const { values } = parseArgs({
  options: {
    contacts: { type: 'string', default: '60' },
    hours: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
  },
});
const CONTACTS = Number(values.contacts);
const SECONDS = Number(values.hours) * 3600;
/** Each contact comes and goes so often, in seconds on average. */
const PRESENCE_EVERY = 600;
/** Somebody writes to the owner so often, with a typing notification before. */
const MESSAGE_EVERY = 720;
/** The owner looks at the phone for two minutes an hour. */
const LOOKS_EVERY = 3600;
const LOOKS_FOR = 120;
/** A radio that has been quiet for so many seconds is woken by the next byte. */
const RADIO_SLEEPS_AFTER = 10;

interface Traffic {
  stanzas: number;
  bytes: number;
  wakeUps: number;
}

/** A day of a phone; `tells`: whether it says that nobody looks. */
async function liveThrough(tells: boolean): Promise<Traffic> {
  const random = createRandom(Number(values.seed));
  const world = await createWorld();
  const phone = await world.connect('owner@localhost/phone', { imNg: true, priority: 0 });
  const traffic: Traffic = { stanzas: 0, bytes: 0, wakeUps: 0 };
  let lastWrite = -Infinity;
  for (let second = 0; second < SECONDS; second += 1) {
    world.clock.advance(1000);
    const phase = second % LOOKS_EVERY;
    if (tells && phase === 0) phone.send(xml('active', { xmlns: NS.csi }));
    if (tells && phase === LOOKS_FOR) phone.send(xml('inactive', { xmlns: NS.csi }));
    const isQuiet = send(world.core.router.route.bind(world.core.router), random);
    if (isQuiet && phase !== 0 && phase !== LOOKS_FOR) continue;
    await world.settle();
    const came = phone.take();
    if (came.length === 0) continue;
    traffic.stanzas += came.length;
    traffic.bytes += came.reduce((sum, stanza) => sum + stanza.toBytes(NS.client).length, 0);
    if (second - lastWrite > RADIO_SLEEPS_AFTER) traffic.wakeUps += 1;
    lastWrite = second;
  }
  return traffic;
}

/** What happens in one second; false where nothing does. */
function send(route: (stanza: Element) => void, random: () => number): boolean {
  let isQuiet = true;
  const tell = (stanza: Element): void => {
    isQuiet = false;
    route(stanza);
  };
  for (let contact = 0; contact < CONTACTS; contact += 1) {
    if (random() >= 1 / PRESENCE_EVERY) continue;
    const from = `contact${contact}@elsewhere.example/phone`;
    const show = ['away', 'xa', 'dnd', undefined][Math.floor(random() * 4)];
    const caps = xml('c', {
      xmlns: NS.caps,
      hash: 'sha-1',
      node: 'https://client.example',
      ver: 'q07IKJEyjvHSyhy//CH0CxmKi8w=',
    });
    tell(xml('presence', { from, to: 'owner@localhost' }, show !== undefined && xml('show', null, show), caps));
  }
  if (random() < 1 / MESSAGE_EVERY) {
    const from = `contact${Math.floor(random() * CONTACTS)}@elsewhere.example/phone`;
    const attrs = { from, to: 'owner@localhost', type: 'chat' };
    tell(xml('message', attrs, xml('composing', { xmlns: NS.chatStates })));
    tell(xml('message', attrs, xml('body', null, 'Are you coming to the rehearsal tonight?')));
  }
  return isQuiet;
}

/** Numbers from 0 to 1, the same ones for a seed. */
function createRandom(seed: number): () => number {
  const random = new FakeRandom(seed);
  return () => random.bytes(3).reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** 24;
}

const [without, withIt] = [await liveThrough(false), await liveThrough(true)];
const saved = (name: keyof Traffic): string => `${Math.round((1 - withIt[name] / without[name]) * 100)} %`;
console.log(`${CONTACTS} contacts, ${values.hours} hours, looked at for ${LOOKS_FOR / 60} minutes an hour\n`);
console.log('| | without CSI | with CSI | saved |\n|---|---|---|---|');
console.log(`| stanzas | ${without.stanzas} | ${withIt.stanzas} | ${saved('stanzas')} |`);
console.log(`| bytes | ${without.bytes} | ${withIt.bytes} | ${saved('bytes')} |`);
console.log(`| times that the radio wakes | ${without.wakeUps} | ${withIt.wakeUps} | ${saved('wakeUps')} |`);
