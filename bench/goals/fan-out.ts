import { sleep } from '../load/in-parallel.ts';
import { Traffic } from '../load/traffic.ts';
import { bringOnline, goOffline, type LoadUser, makeNames } from '../load/users.ts';
import { cpuSeconds } from '../servers/processes.ts';
import { startTutti, type TuttiServer } from '../servers/tutti.ts';
import { assertComplete, type Goal, repeat, using } from './goal.ts';

const DEVICES = 50;
const CONTACTS = 1000;
/** 1.5 × goal 1: 0.1 s for 1000 messages of 6 deliveries. */
const MOST = (1.5 * 0.1) / 6;
const RATE = 200;
/** Two thousand messages before those that count: V8 compiles what runs often, and goes on doing so for as long. */
const TIMING = { warmUpMs: 10_000, measureMs: 6000 };
/** Messages that are under way in the closed loop, which finds everything compiled. */
const WINDOW = 4;
const CLOSED_TIMING = { warmUpMs: 1000, measureMs: 3000 };

/** Goal 6: one account with many devices, and presence that many see. */
export const fanOut: Goal = async (repetitions) => {
  const messages = await repeat(repetitions, () => using(startTutti, measureMessages));
  const presence = await repeat(repetitions, () => using(startTutti, measurePresence));
  return [
    {
      what: `CPU for 1000 deliveries to ${DEVICES} devices, ${RATE} msg/s`,
      unit: 's',
      digits: 4,
      most: MOST,
      values: messages.map(({ atRate }) => atRate),
    },
    {
      what: 'the same in a closed loop, as goal 1 is measured',
      unit: 's',
      digits: 4,
      most: MOST,
      values: messages.map(({ closed }) => closed),
    },
    {
      what: `CPU for 1000 presence stanzas, ${CONTACTS} contacts come online`,
      unit: 's',
      digits: 4,
      most: MOST,
      values: presence,
    },
  ];
};

/** CPU seconds for 1000 deliveries: of messages that come one by one, each to sockets that are quiet, and of as many as the server takes. */
async function measureMessages(server: TuttiServer): Promise<{ readonly atRate: number; readonly closed: number }> {
  const names = makeNames('fan', 2);
  await server.addAccounts(names);
  const users = await bringOnline(server, names, [1, DEVICES]);
  const traffic = (): Traffic => new Traffic(users, true, () => cpuSeconds(server.roots), [0]);
  const results = [await traffic().openLoop(RATE, TIMING), await traffic().closedLoop(WINDOW, CLOSED_TIMING)];
  goOffline(users);
  const [atRate, closed] = results.map((result) => {
    assertComplete(result);
    return (result.cpuSeconds / (result.messages * (DEVICES + 1))) * 1000;
  }) as [number, number];
  return { atRate, closed };
}

/** One account with all the others as contacts: they come online at once, and it shows them its own presence. */
async function measurePresence(server: TuttiServer): Promise<number> {
  const names = makeNames('contact', CONTACTS + 1);
  await server.addAccounts(names);
  const users = await bringOnline(server, names, 1);
  const [hub, ...contacts] = users as [LoadUser, ...LoadUser[]];
  await befriend(hub, contacts);
  const seen = { received: 0 };
  for (const { devices } of users) {
    for (const device of devices) {
      device.arrived = () => {
        seen.received += 1;
      };
    }
  }
  // Status texts are numbered as messages are, so that the client counts them. Everybody gets his own presence back (RFC 6121 §4.2.2)
  const burst = async (): Promise<void> => {
    const expected = seen.received + 3 * CONTACTS + 1;
    users.forEach(({ devices: [client] }, number) => {
      client?.write(`<presence><status>~${String(number).padStart(8, '0')}</status></presence>`);
    });
    for (let wait = 0; seen.received < expected; wait += 1) {
      if (wait > 3000) throw new Error(`${expected - seen.received} presence stanzas are missing`);
      await sleep(5);
    }
  };
  for (let time = 0; time < 10; time += 1) await burst();
  const before = { cpu: cpuSeconds(server.roots), received: seen.received };
  for (let time = 0; time < 30; time += 1) await burst();
  goOffline(users);
  return ((cpuSeconds(server.roots) - before.cpu) / (seen.received - before.received)) * 1000;
}

/** Subscribes the hub and its contacts to each other (RFC 6121 §3.1). */
async function befriend(hub: LoadUser, contacts: readonly LoadUser[]): Promise<void> {
  const [center] = hub.devices;
  const toAll = (type: string): void =>
    center?.write(contacts.map(({ jid }) => `<presence to='${jid}' type='${type}'/>`).join(''));
  const toHub = (type: string): void => {
    for (const {
      devices: [client],
    } of contacts)
      client?.write(`<presence to='${hub.jid}' type='${type}'/>`);
  };
  for (const step of [
    () => toAll('subscribe'),
    () => toHub('subscribed'),
    () => toHub('subscribe'),
    () => toAll('subscribed'),
  ]) {
    step();
    for (const {
      devices: [client],
    } of [hub, ...contacts])
      await client?.ping();
  }
}
