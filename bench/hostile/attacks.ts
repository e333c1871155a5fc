import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Element, NS, xml } from '@tutti/xmpp';
import { type Account, authenticate } from '../../conformance/client/login.ts';
import type { Address } from '../../conformance/client/transport.ts';
import { inParallel, Link } from '../rig/link.ts';
import { sleep } from '../rig/stream-of-messages.ts';

/** What attackers have: accounts of their own, and somebody to annoy. */
export interface Target {
  readonly direct: Address;
  readonly starttls: Address;
  readonly accounts: readonly Account[];
  /** Bare JID of a well-behaved user. */
  readonly victim: string;
}

/** Goes on until its process is killed; calls `begun` once it is at full strength. */
export type Attack = (target: Target, begun: () => void) => Promise<void>;

const text = (bytes: number) => xml('body', null, 'x'.repeat(bytes));
const HEADER = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='${NS.stream}' to='localhost' version='1.0'>`;

/** Every kind of attack, by what it is called in the table. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  'connections that say nothing': (target, begun) => floodConnections(target.starttls, 4000, begun),
  'TLS connections without a handshake': (target, begun) => floodConnections(target.direct, 4000, begun),
  'TLS handshakes over and over': (target, begun) => floodHandshakes(target.direct, begun),
  'slow-loris: a byte a second': (target, begun) => drip(target.starttls, 400, begun),
  'broken XML over and over': (target, begun) => floodGarbage(target.starttls, begun),
  'guessed passwords': (target, begun) => guessPasswords(target, begun),
  'messages, as fast as they go': (target, begun) =>
    flood(target, begun, (_, n) => xml('message', { to: target.accounts[n % 7]?.jid, type: 'chat' }, text(200))),
  'messages to one user': (target, begun) =>
    flood(target, begun, () => xml('message', { to: `${target.victim}/nowhere`, type: 'headline' }, text(200))),
  'messages of 200 KiB': (target, begun) =>
    flood(target, begun, (link) => xml('message', { to: link.account.jid, type: 'chat' }, text(200_000))),
  'requests to the server': (target, begun) =>
    floodRequests(target, begun, xml('ping', { xmlns: NS.ping }), 'localhost'),
  'requests that nobody understands': (target, begun) =>
    floodRequests(target, begun, xml('query', { xmlns: 'urn:example:nothing' }), 'localhost'),
  'service discovery': (target, begun) =>
    floodRequests(target, begun, xml('query', { xmlns: NS.discoInfo }), 'localhost'),
  'presence of many sessions': floodPresence,
  'a roster of 5,000': floodRosters,
  'archive queries': floodArchive,
};

function socketTo(address: Address, from = '127.0.0.2'): Socket {
  const socket = connect({ host: address.host, port: address.port, localAddress: from });
  socket.on('error', () => undefined);
  return socket;
}

/** Keeps `count` connections open from four addresses, and opens each again that is closed. */
async function floodConnections(address: Address, count: number, begun: () => void): Promise<void> {
  const open = (index: number): void => {
    const socket = socketTo(address, `127.0.0.${2 + (index % 4)}`);
    socket.on('close', () => setTimeout(() => open(index), 20));
    socket.resume();
  };
  for (let index = 0; index < count; index += 1) {
    open(index);
    if (index % 100 === 99) await sleep(10);
  }
  begun();
  await sleep(1e9);
}

async function floodHandshakes(address: Address, begun: () => void): Promise<void> {
  const shake = (): Promise<void> =>
    new Promise((resolve) => {
      const plain = socketTo(address);
      const socket = connectTls({ socket: plain, rejectUnauthorized: false, ALPNProtocols: ['xmpp-client'] });
      socket.on('error', () => undefined).on('close', () => resolve());
      socket.on('secureConnect', () => socket.destroy());
    });
  begun();
  await inParallel(1e9, 50, shake);
}

async function drip(address: Address, count: number, begun: () => void): Promise<void> {
  const open = (): void => {
    const socket = socketTo(address);
    socket.resume();
    let next = 0;
    const timer = setInterval(() => socket.write(HEADER[next++ % HEADER.length] as string), 1000);
    socket.on('close', () => {
      clearInterval(timer);
      setTimeout(open, 100);
    });
  };
  for (let index = 0; index < count; index += 1) open();
  begun();
  await sleep(1e9);
}

async function floodGarbage(address: Address, begun: () => void): Promise<void> {
  const bombs = [
    '<a>'.repeat(3000),
    `<a ${Array.from({ length: 500 }, (_, n) => `a${n}='1'`).join(' ')}/>`,
    '<!DOCTYPE a [<!ENTITY b "b">]>',
    `<${'n'.repeat(9000)}/>`,
    '</stream:stream><stream:stream>',
    '\u0000\u0001\u0002',
    '<iq type="set"><query><username>'.padEnd(20_000, 'y'),
  ];
  begun();
  await inParallel(1e9, 50, (index) => {
    const socket = socketTo(address);
    return new Promise<void>((resolve) => {
      socket.on('close', () => resolve());
      socket.on('connect', () => socket.write(HEADER + (bombs[index % bombs.length] as string)));
      socket.resume();
    });
  });
}

async function guessPasswords({ direct, victim }: Target, begun: () => void): Promise<void> {
  begun();
  await inParallel(1e9, 20, async (index) => {
    const account = { jid: index % 2 === 0 ? victim : `user${index % 1000}@localhost`, password: `guess${index}` };
    await authenticate(direct, account).then(
      ({ wire }) => wire.cut(),
      () => sleep(5), // refused, as it should be
    );
  });
}

/** Sessions of the attackers' accounts, IM-NG and available; three of each. */
async function logIn({ direct, accounts }: Target): Promise<Link[]> {
  return inParallel(accounts.length * 3, 4, async (index) => {
    const link = await Link.open(direct, accounts[index % accounts.length] as Account);
    await link.enableImNg();
    link.send(xml('presence'));
    return link;
  });
}

/** Each session sends as much as its connection takes. */
async function flood(target: Target, begun: () => void, make: (link: Link, n: number) => Element): Promise<void> {
  const links = await logIn(target);
  begun();
  for (let n = 0; ; n += 1) {
    for (const link of links) for (let burst = 0; burst < 5; burst += 1) link.send(make(link, n));
    await sleep(n < 20 ? 0 : 15);
  }
}

/** Requests without a pause, and some that are never answered because they go to nobody. */
async function floodRequests(target: Target, begun: () => void, payload: Element, to: string): Promise<void> {
  const links = await logIn(target);
  begun();
  await Promise.all(
    links.flatMap((link) =>
      Array.from({ length: 10 }, async () => {
        for (;;) await link.ask('get', payload, to);
      }),
    ),
  );
}

async function floodPresence({ direct, accounts }: Target, begun: () => void): Promise<void> {
  const links = await inParallel(60, 4, async (index) => Link.open(direct, accounts[index % 2] as Account));
  begun();
  for (let n = 0; ; n += 1) {
    for (const link of links)
      link.send(xml('presence', n % 2 === 0 ? null : { type: 'unavailable' }, xml('status', null, `${n}`)));
    await sleep(5);
  }
}

async function floodRosters({ direct, accounts }: Target, begun: () => void): Promise<void> {
  const links = await inParallel(accounts.length, 4, (index) => Link.open(direct, accounts[index] as Account));
  const item = (n: number) =>
    xml(
      'item',
      { jid: `contact${n}@localhost`, name: 'n'.repeat(1000) },
      ...[1, 2, 3].map((group) => xml('group', null, `${group}`.repeat(300))),
    );
  const roster = (...items: Element[]) => xml('query', { xmlns: NS.roster }, ...items);
  const fill = links.map(async (link) => {
    for (let n = 0; ; n += 1) await link.ask('set', roster(item(n)));
  });
  begun();
  const read = links.map(async (link) => {
    for (;;) await link.ask('get', roster());
  });
  await Promise.all([...fill, ...read]);
}

async function floodArchive(target: Target, begun: () => void): Promise<void> {
  const links = await logIn(target);
  for (const link of links) {
    for (let n = 0; n < 300; n += 1) link.send(xml('message', { to: link.account.jid, type: 'chat' }, text(500)));
  }
  const rsm = (name: string, value: string) =>
    xml('set', { xmlns: NS.rsm }, xml(name, null, value), xml('max', null, '1000000'));
  const queries = [
    xml('query', { xmlns: NS.mam }, rsm('before', '')),
    xml('query', { xmlns: NS.mam }, xml('set', { xmlns: NS.rsm }, xml('max', null, '0'))),
    xml('query', { xmlns: NS.mam }, rsm('index', '10')),
    xml('query', { xmlns: NS.mam }),
  ];
  begun();
  await Promise.all(
    links.flatMap((link) =>
      Array.from({ length: 8 }, async (_, index) => {
        for (;;) await link.ask('set', queries[index % queries.length] as Element);
      }),
    ),
  );
}
