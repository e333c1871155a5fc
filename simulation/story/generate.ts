import { Chance } from '../world/chance.ts';
import type { Coming, Extra, Sending, Settings, Step, Story } from './story.ts';

const DOMAIN = 'localhost';
const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi'];
const RESOURCES = ['phone', 'laptop', 'tablet', 'desk', 'watch', 'web'];

/** A device as the generator thinks of it: it does not know what the server will do. */
interface Persona {
  readonly jid: string;
  readonly account: string;
  readonly coming: Coming;
  present: boolean;
  stalled: boolean;
  resumable: boolean;
}

type Rest<S> = S extends Step ? Omit<S, 'id' | 'at'> : never;
type Deed = Rest<Step>;

/** Makes the story of a seed. The same seed gives the same story, for ever. */
export function generateStory(seed: number): Story {
  const chance = new Chance(seed).fork('story');
  const accounts = NAMES.slice(0, pickSize(chance)).map((name) => `${name}@${DOMAIN}`);
  const personas = accounts.flatMap((account) => {
    const count = Math.min(RESOURCES.length, 1 + Math.floor(chance.next() * chance.next() * 6.5));
    return RESOURCES.slice(0, count).map((resource) =>
      makePersona(chance.fork(`${account}/${resource}`), account, resource),
    );
  });
  const steps: Step[] = [];
  let at = 0;
  const add = (deed: Deed): void => void steps.push({ ...deed, id: `s${steps.length + 1}`, at });
  const calm = chance.happens(0.3);
  const pace = calm ? 1500 : chance.pick([20, 80, 300]);
  const troubles = chance.happens(0.7);
  const count = chance.between(15, 70);
  for (const persona of personas) {
    if (!chance.happens(0.8)) continue;
    add({ do: 'come', device: persona.jid, coming: persona.coming });
    persona.present = true;
    persona.resumable = persona.coming.sm === 'resumable';
    at += chance.below(pace);
  }
  at += 500;
  while (steps.length < count) {
    const persona = chance.pick(personas);
    for (const deed of inventDeeds(chance, persona, personas, accounts, troubles)) {
      add(deed);
      at += inventGap(chance, deed);
    }
    at += chance.below(pace);
  }
  return { seed, settings: makeSettings(chance.fork('settings')), accounts, steps };
}

function pickSize(chance: Chance): number {
  return chance.happens(0.7) ? chance.between(2, 3) : chance.between(2, NAMES.length);
}

function makeSettings(chance: Chance): Settings {
  const tight = chance.happens(0.4);
  return {
    outboxBytes: tight ? chance.pick([3000, 6000, 10_000]) : 262_144,
    smUnackedMax: tight ? chance.pick([6, 20]) : 1000,
    smResumeTimeout: chance.pick([600, 600, 5]),
    mamPageMax: chance.pick([3, 10, 250]),
    policy: chance.happens(0.9) ? 'everything' : 'content',
  };
}

function makePersona(chance: Chance, account: string, resource: string): Persona {
  const imNg = chance.weighted({ 'at once': 5, later: 1, never: 4 });
  const coming: Coming = {
    imNg,
    carbons: imNg === 'at once' ? chance.happens(0.05) : chance.happens(0.6),
    priority: chance.weighted({ yes: 8, no: 1 }) === 'yes' ? chance.pick([0, 0, 0, 5, 1, -1]) : undefined,
    sm: chance.weighted({ none: 2, counts: 1, resumable: 5 }),
    inline: chance.happens(0.4),
  };
  return { jid: `${account}/${resource}`, account, coming, present: false, stalled: false, resumable: false };
}

function inventDeeds(
  chance: Chance,
  persona: Persona,
  personas: readonly Persona[],
  accounts: readonly string[],
  troubles: boolean,
): Deed[] {
  const device = persona.jid;
  const disk = chance.happens(troubles ? 0.06 : 0) ? inventDiskTrouble(chance) : [];
  if (disk.length > 0) return disk;
  const common = chance.weighted({ device: 40, room: 2, crash: troubles ? 0.8 : 0, jump: 1, rest: 1.5 });
  if (common === 'room') return [inventRoom(chance, personas, accounts)];
  if (common === 'crash') {
    for (const one of personas) one.present = false;
    return [{ do: 'crash', written: chance.happens(0.5) }];
  }
  if (common === 'jump')
    return [{ do: 'jump', ms: chance.pick([-3_600_000, -5000, 5000, 61_000, 3_600_000, 90_000_000]) }];
  if (common === 'rest') return [{ do: 'rest' }];
  if (!persona.present) {
    persona.present = true;
    persona.stalled = false;
    if (!persona.resumable || chance.happens(0.2)) {
      persona.resumable = persona.coming.sm === 'resumable';
      return [{ do: 'come', device, coming: persona.coming }];
    }
    const h = chance.happens(0.04) ? 'too high' : 'right';
    if (h === 'too high') persona.present = false;
    return [{ do: 'return', device, coming: persona.coming, h }];
  }
  const what = chance.weighted({
    send: 40,
    burst: 3,
    cut: 4,
    leave: 2,
    stall: 2,
    read: persona.stalled ? 8 : 0,
    acknowledge: 3,
    'take-over': 0.6,
    enable: persona.coming.imNg === 'at once' ? 0.3 : 1.2,
    carbons: 1,
    presence: 2,
    query: 2,
    repeat: 3,
    block: 1.2,
    prefer: 0.7,
    again: 0.7,
    flap: persona.resumable ? 1.2 : 0,
    away: persona.resumable ? 2 : 0,
    absent: persona.coming.imNg === 'never' ? 3 : 1,
  });
  switch (what) {
    case 'send':
      return Array.from({ length: chance.pick([1, 1, 1, 2, 3]) }, () => {
        return { do: 'send', device, times: 1, sending: inventSending(chance, persona, personas, accounts) };
      });
    case 'burst':
      return [
        {
          do: 'send',
          device,
          times: chance.between(5, 40),
          sending: { ...inventSending(chance, persona, personas, accounts), size: chance.pick([0, 100, 900]) },
        },
      ];
    case 'cut':
    case 'leave':
      persona.present = false;
      if (what === 'leave') persona.resumable = false;
      return [{ do: what, device }];
    case 'stall':
      persona.stalled = true;
      return [{ do: 'stall', device }];
    case 'read':
      persona.stalled = false;
      return [{ do: 'read', device }];
    case 'carbons':
      return [{ do: 'carbons', device, on: chance.happens(0.6) }];
    case 'presence':
      return [{ do: 'presence', device, priority: chance.pick([0, 0, 3, -1, undefined]) }];
    case 'block':
      return [
        {
          do: chance.happens(0.5) ? 'block' : 'unblock',
          device,
          jid: inventPeer(chance, personas, accounts, persona.account),
        },
      ];
    case 'prefer':
      return [{ do: 'prefer', device, fallback: chance.pick(['always', 'always', 'never', 'roster']) }];
    case 'flap': {
      const back: Deed = { do: 'return', device, coming: persona.coming, h: 'right' };
      return [{ do: 'cut', device }, back, { do: chance.pick(['cut', 'stall']), device }, { do: 'cut', device }, back];
    }
    case 'away': {
      // Much comes while it is away; it returns, doesn't read, more comes, and the connection is lost again.
      const other = chance.pick(personas);
      const back: Deed = { do: 'return', device, coming: persona.coming, h: 'right' };
      const plain = { type: 'chat', body: true, marked: false, originId: false, extras: [] };
      const much: Deed = {
        do: 'send',
        device: other.jid,
        times: chance.between(3, 16),
        sending: { ...plain, to: chance.pick([persona.account, device]), size: 900 },
      };
      const more: Deed = {
        do: 'send',
        device: other.jid,
        times: 2,
        sending: { ...plain, to: device, marked: chance.happens(0.5), size: 0 },
      };
      return [{ do: 'cut', device }, much, back, { do: 'stall', device }, more, { do: 'cut', device }, back];
    }
    case 'absent': {
      // It is not there, much comes, it comes and reads its archive at once; somebody repeats something meanwhile.
      const siblings = personas.filter(({ account }) => account === persona.account);
      const other = chance.pick(chance.happens(0.5) ? siblings : personas);
      const plain = {
        to: persona.account,
        type: 'chat',
        body: true,
        marked: false,
        originId: true,
        extras: [],
        size: chance.pick([0, 900]),
      };
      const much: Deed = { do: 'send', device: other.jid, times: chance.between(1, 12), sending: plain };
      const come: Deed = { do: 'come', device, coming: persona.coming };
      return [
        { do: chance.pick(['leave', 'cut']), device },
        much,
        { do: 'repeat', device: other.jid },
        ...(chance.happens(0.5) ? [{ do: 'rest' } as const] : []),
        come,
        { do: 'query', device },
      ];
    }
    case 'again':
      return [{ do: 'come', device, coming: persona.coming }];
    default:
      return [{ do: what, device }];
  }
}

/** Ms between deeds that belong together. */
function inventGap(chance: Chance, deed: Deed): number {
  switch (deed.do) {
    case 'return': // what follows often comes before the server has answered
      return chance.below(5);
    case 'come': // it is there, and has hardly begun
      return chance.between(12, 50);
    case 'rest':
      return 1500;
    default:
      return chance.happens(0.1) ? chance.below(2500) : chance.below(30);
  }
}

/** The disk gets bad, and is good again some steps later: the two stand side by side here, other steps come between by their times. */
function inventDiskTrouble(chance: Chance): Deed[] {
  return [{ do: 'disk', state: chance.pick(['good', 'good', 'good', 'slow', 'slow', 'failing', 'full', 'stuck']) }];
}

/** Somebody else's address, to block. */
function inventPeer(chance: Chance, personas: readonly Persona[], accounts: readonly string[], own: string): string {
  const others = accounts.filter((account) => account !== own);
  const account = chance.pick(others);
  if (chance.happens(0.7)) return account;
  return personas.find((persona) => persona.account === account)?.jid ?? account;
}

function inventRoom(chance: Chance, personas: readonly Persona[], accounts: readonly string[]): Deed {
  const account = chance.pick(accounts);
  const joined = personas.filter((persona) => persona.account === account && chance.happens(0.8)).map(({ jid }) => jid);
  const to = joined.length > 0 ? joined : [`${account}/phone`];
  return {
    do: 'room',
    nick: chance.pick(['juliet', 'mercutio']),
    to,
    type: chance.pick(['chat', 'chat', 'normal']),
    withId: chance.happens(0.7),
  };
}

function inventSending(
  chance: Chance,
  persona: Persona,
  personas: readonly Persona[],
  accounts: readonly string[],
): Sending {
  const type = chance.weighted({ chat: 10, normal: 3, none: 1.5, headline: 1.5, groupchat: 1.2, error: 1.2, odd: 0.3 });
  const body = chance.happens(0.8);
  const extras: Extra[] = [];
  if (type !== 'headline') {
    const kinds: readonly Extra[] = [
      'chat-state',
      'receipt',
      'receipt-request',
      'no-store',
      'no-copy',
      'private',
      'forged-own',
      'forged-peer',
      'thread',
      'custom',
    ];
    for (const kind of kinds) if (chance.happens(kind === 'chat-state' && !body ? 0.6 : 0.05)) extras.push(kind);
  }
  return {
    to: inventAddress(chance, persona, personas, accounts),
    type: type === 'none' ? undefined : type === 'odd' ? 'letter' : type,
    body,
    marked: chance.happens(0.12),
    originId: chance.happens(0.6),
    extras,
    size: chance.happens(0.1) ? chance.between(100, 2000) : 0,
  };
}

function inventAddress(
  chance: Chance,
  persona: Persona,
  personas: readonly Persona[],
  accounts: readonly string[],
): string | undefined {
  const kind = chance.weighted({
    bare: 12,
    full: 6,
    own: 1.5,
    ownFull: 1.5,
    none: 0.6,
    unknown: 0.8,
    absent: 1.6,
    remote: 0.8,
    room: 0.8,
    service: 0.4,
  });
  const other = chance.pick(accounts);
  switch (kind) {
    case 'bare':
      return other;
    case 'full':
      return chance.pick(personas).jid;
    case 'own':
      return persona.account;
    case 'ownFull':
      return chance.pick(personas.filter(({ account }) => account === persona.account)).jid;
    case 'none':
      return undefined;
    case 'unknown':
      return chance.pick([`nobody@${DOMAIN}`, `nobody@${DOMAIN}/phone`]);
    case 'absent':
      return `${other}/gone`;
    case 'remote':
      return chance.pick(['romeo@elsewhere.example', 'romeo@elsewhere.example/orchard']);
    case 'room':
      return chance.pick([`balcony@rooms.${DOMAIN}`, `balcony@rooms.${DOMAIN}/juliet`]);
    case 'service':
      return chance.pick([DOMAIN, `${DOMAIN}/echo`]);
  }
}
