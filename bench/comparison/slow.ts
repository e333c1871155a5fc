/** A device that stops reading while messages flow to its account, the same for every server. */
import { NS, xml } from '@tutti/xmpp';
import { Device } from '../../conformance/client/device.ts';
import type { Account } from '../../conformance/client/login.ts';
import { Curve } from '../rig/curve.ts';
import { Link } from '../rig/link.ts';
import { percentile, Receiver, sendStream, sleep } from '../rig/stream-of-messages.ts';
import type { Contestant } from './contestant.ts';

export interface SlowOptions {
  readonly imNg: boolean;
  /** Messages that flow while the device does not read; half as many before, while it does. */
  readonly messages: number;
  /** Messages a second. */
  readonly rate: number;
}

export interface SlowResult {
  /** Latency of the account's other device, in milliseconds: while both read, and while one does not. */
  readonly median: readonly [number, number];
  readonly p99: readonly [number, number];
  /** Messages that the other device got, of all. */
  readonly others: number;
  /** Growth of the server's memory while the device does not read, in bytes. */
  readonly growth: number;
  /** Messages that were on the other device's screen and in no archive at that moment. */
  readonly unarchived: number;
  /** What became of the connection of the device that stopped. */
  readonly connection: 'lives' | 'resumed' | 'lost';
  /** Of the messages that flowed meanwhile: those that the device got when it read again or resumed. */
  readonly caughtUp: number;
  /** Whether those came once and in order. */
  readonly inOrder: boolean;
  /** Messages that are in the archive in the end, of all. */
  readonly archived: number;
  readonly total: number;
}

const BYTES = 1024;
/** Gives up when nothing has come for so long, in milliseconds. */
const PATIENCE_MS = 15_000;
/** The longest that messages may take to arrive after the last was sent, and an archive to take them in. */
const FLOW_PATIENCE_MS = 60_000;
const ARCHIVE_PATIENCE_MS = 60_000;

export async function compareSlow(server: Contestant, { imNg, messages, rate }: SlowOptions): Promise<SlowResult> {
  const [alice, bob] = [await server.account('alice'), await server.account('bob')];
  const [sender, fast, slow] = [
    await Link.open(server.address(), alice, 'sender'),
    await open(server, bob, 'fast', imNg),
    await open(server, bob, 'slow', imNg),
  ];
  await slow.enableSm();
  const [reader, sleeper] = [new Receiver(fast), new Receiver(slow)];
  let sent = 0;
  const flow = async (count: number): Promise<number[]> => {
    reader.latencies = [];
    await sendStream(sender, bob.jid, { first: sent, count, bytes: BYTES, perSecond: rate });
    sent += count;
    await giveUp(reader.has(sent, PATIENCE_MS));
    return reader.latencies;
  };
  await flow(Math.ceil(messages / 10)); // warm
  const before = await flow(Math.ceil(messages / 2));
  await giveUp(sleeper.has(sent, PATIENCE_MS));
  const curve = new Curve(() => server.rss());
  slow.wire.pause();
  const during = await flow(messages).finally(() => curve.stop());
  const seen = reader.next;
  const archivedThen = await countArchive(server, bob);
  const asleep = sleeper.next;
  const connection = await returnToReading(slow, sleeper, sent);
  const archived = await waitForArchive(server, bob, sent);
  for (const link of [sender, fast, slow]) link.wire.cut();
  const [calm = 0] = curve.points.map(({ value }) => value);
  return {
    median: [percentile(before, 0.5), percentile(during, 0.5)],
    p99: [percentile(before, 0.99), percentile(during, 0.99)],
    others: seen,
    growth: Math.max(...curve.points.map(({ value }) => value)) - calm,
    unarchived: Math.max(0, seen - archivedThen),
    connection,
    caughtUp: sleeper.next - asleep,
    inOrder: sleeper.wrong.length === 0,
    archived,
    total: sent,
  };
}

/** Waits for what comes; what does not is counted. */
async function giveUp(coming: Promise<void>): Promise<void> {
  await Promise.race([coming.catch(() => undefined), sleep(FLOW_PATIENCE_MS)]);
}

async function open(server: Contestant, account: Account, resource: string, imNg: boolean): Promise<Link> {
  const link = await Link.open(server.address(), account, resource);
  if (imNg) await link.enableImNg();
  else {
    await link.ask('set', xml('enable', { xmlns: NS.carbons }));
    link.send(xml('presence'));
  }
  return link;
}

/** Reads on, and resumes the session where the server has closed the connection. */
async function returnToReading(slow: Link, sleeper: Receiver, sent: number): Promise<SlowResult['connection']> {
  slow.wire.resume();
  await giveUp(sleeper.has(sent, PATIENCE_MS));
  if (!slow.wire.closed) return 'lives';
  try {
    await slow.resume();
  } catch {
    return 'lost';
  }
  await giveUp(sleeper.has(sent, PATIENCE_MS));
  return 'resumed';
}

/** How many messages the archive has now, by the number of its last one: to read all pages takes some servers many minutes. */
async function countArchive(server: Contestant, account: Account): Promise<number> {
  const device = await Device.connect('archivist', server.address(), account, 'archivist');
  try {
    const answer = device.expect(({ name, attrs }) => name === 'iq' && attrs['id'] === 'count', ARCHIVE_PATIENCE_MS);
    const set = xml('set', { xmlns: NS.rsm }, xml('max', null, '1'), xml('before'));
    device.send(xml('iq', { type: 'set', id: 'count' }, xml('query', { xmlns: NS.mam }, set)));
    await answer;
    const [last] = device.transcript.flatMap((stanza) => stanza.child('result', NS.mam) ?? []);
    const body = last?.child('forwarded', NS.forward)?.child('message', NS.client)?.child('body')?.text();
    return body === undefined ? 0 : Number(body.split(' ', 1)[0]) + 1;
  } finally {
    device.cut();
  }
}

/** An archive that still grows is given the time to end. */
async function waitForArchive(server: Contestant, account: Account, total: number): Promise<number> {
  const deadline = Date.now() + ARCHIVE_PATIENCE_MS;
  let before = -1;
  for (;;) {
    const now = await countArchive(server, account);
    if (now === total || now === before || Date.now() > deadline) return now;
    before = now;
    await sleep(3000);
  }
}
