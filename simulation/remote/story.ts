import { Chance } from '../world/chance.ts';

/** How a link to another server is: `stuck` takes everything and brings nothing; `gone`: there is no such server. */
export type LinkMood = 'up' | 'slow' | 'stuck' | 'down' | 'gone';

/** What happens, and when (ms since the world began). */
export type RemoteStep = { readonly id: string; readonly at: number } & (
  | { readonly do: 'come' | 'cut'; readonly device: string }
  | {
      readonly do: 'say';
      readonly device: string;
      readonly to: string;
      readonly marked: boolean;
      readonly originId: boolean;
      readonly times: number;
    }
  /** Somebody on the other server says something. */
  | { readonly do: 'hear'; readonly from: string; readonly to: string; readonly times: number }
  | { readonly do: 'link'; readonly domain: string; readonly mood: LinkMood }
  /** The connection breaks: of what is under way this part arrives, and nothing is acknowledged. */
  | { readonly do: 'break'; readonly domain: string; readonly arrives: number }
  | { readonly do: 'crash'; readonly written: boolean; readonly arrives: number }
  | { readonly do: 'disk'; readonly state: 'good' | 'slow' | 'failing' }
  | { readonly do: 'drop' | 'retry'; readonly domain: string }
  | { readonly do: 'rest'; readonly ms: number }
);

export interface RemoteSettings {
  /** Seconds. */
  readonly expiry: number;
  readonly messagesPerDomain: number;
}

export interface RemoteStory {
  readonly seed: number;
  readonly settings: RemoteSettings;
  readonly accounts: readonly string[];
  readonly steps: readonly RemoteStep[];
}

const ACCOUNTS = ['juliet@localhost', 'nurse@localhost'];
/** Domains beyond a link; the last is a service of this server's own. */
export const DOMAINS = ['montague.example', 'capulet.example', 'rooms.localhost'] as const;
const PEOPLE = [
  'romeo@montague.example',
  'romeo@montague.example/orchard',
  'tybalt@capulet.example',
  'balcony@rooms.localhost/x',
];

type Rest<S> = S extends RemoteStep ? Omit<S, 'id' | 'at'> : never;
type Deed = Rest<RemoteStep>;

/** Makes the story of a seed. The same seed gives the same story, for ever. */
export function generateRemoteStory(seed: number): RemoteStory {
  const chance = new Chance(seed).fork('remote');
  const devices = ACCOUNTS.flatMap((account) =>
    ['phone', 'laptop', 'tablet'].slice(0, chance.between(1, 3)).map((resource) => `${account}/${resource}`),
  );
  const settings = {
    expiry: chance.pick([60, 600, 172_800]),
    messagesPerDomain: chance.happens(0.2) ? 5 : 10_000,
  };
  const steps: RemoteStep[] = [];
  let at = 0;
  const add = (deed: Deed): void => void steps.push({ ...deed, id: `s${steps.length + 1}`, at });
  for (const device of devices) add({ do: 'come', device });
  at += 200;
  const count = chance.between(10, 50);
  const pace = chance.pick([10, 60, 400]);
  while (steps.length < count) {
    const deed = invent(chance, devices);
    add(deed);
    at += deed.do === 'rest' ? deed.ms : chance.below(pace);
  }
  return { seed, settings, accounts: ACCOUNTS, steps };
}

function invent(chance: Chance, devices: readonly string[]): Deed {
  const device = chance.pick(devices);
  const domain = chance.pick(DOMAINS.slice(0, 2));
  const what = chance.weighted({
    say: 40,
    hear: 8,
    link: 10,
    break: 6,
    crash: 3,
    disk: 2,
    cut: 3,
    come: 5,
    drop: 0.7,
    retry: 1,
    rest: 6,
  });
  switch (what) {
    case 'say':
      return {
        do: 'say',
        device,
        to: chance.pick(PEOPLE),
        marked: chance.happens(0.1),
        originId: chance.happens(0.7),
        times: chance.pick([1, 1, 2, 5, 20]),
      };
    case 'hear':
      return {
        do: 'hear',
        from: chance.pick(PEOPLE.slice(0, 3)),
        to: chance.pick(ACCOUNTS),
        times: chance.pick([1, 3]),
      };
    case 'link':
      return { do: 'link', domain, mood: chance.pick(['up', 'up', 'slow', 'stuck', 'down', 'gone']) };
    case 'break':
      return { do: 'break', domain, arrives: chance.next() };
    case 'crash':
      return { do: 'crash', written: chance.happens(0.5), arrives: chance.next() };
    case 'disk':
      return { do: 'disk', state: chance.pick(['good', 'good', 'slow', 'failing']) };
    case 'drop':
    case 'retry':
      return { do: what, domain };
    case 'rest':
      return { do: 'rest', ms: chance.pick([300, 2000, 8000, 30_000, 120_000]) };
    default:
      return { do: what, device };
  }
}

/** A story in lines. */
export function tellRemoteStory({ seed, settings, steps }: RemoteStory): string {
  const lines = steps.map(
    ({ id, at, ...step }) => `${(at / 1000).toFixed(3).padStart(9)} s  ${id.padEnd(4)} ${JSON.stringify(step)}`,
  );
  return [`World ${seed}: ${JSON.stringify(settings)}`, ...lines].join('\n');
}
