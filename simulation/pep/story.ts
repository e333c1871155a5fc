import { Chance } from '../world/chance.ts';

/** What one device asks for. */
export type Request =
  | { readonly do: 'publish' | 'retract'; readonly node: string; readonly id: string }
  | { readonly do: 'purge' | 'delete'; readonly node: string }
  | { readonly do: 'access'; readonly node: string; readonly model: string }
  | { readonly do: 'block' | 'unblock'; readonly whom: string }
  | { readonly do: 'bookmark' | 'unbookmark'; readonly id: string }
  | { readonly do: 'list'; readonly ids: readonly string[] };

/** What one device does. */
export type PepDeed = Request | { readonly do: 'come' } | { readonly do: 'go' };

/** Deeds of one moment, which the server has to put into an order. */
export interface PepStep {
  readonly id: string;
  /** Milliseconds since the world began. */
  readonly at: number;
  readonly deeds: readonly (PepDeed & { readonly device: string })[];
}

export interface PepStory {
  readonly seed: number;
  /** Full JIDs; the first one of each account is there from the beginning to the end. */
  readonly devices: readonly string[];
  /** How often the database fails to write an item. */
  readonly failures: number;
  readonly steps: readonly PepStep[];
}

export const NODES = ['urn:test:one', 'urn:test:two'];
const IDS = ['a', 'b', 'c', 'd', 'e'];
const ROOMS = ['a@rooms.example', 'b@rooms.example', 'c@rooms.example'];
const NAMES = ['alice', 'bob', 'carol'];

/** Invents a story: contacts who publish, change who may read, block each other, come and go. */
export function generatePepStory(seed: number): PepStory {
  const chance = new Chance(seed).fork('pep');
  const names = NAMES.slice(0, chance.between(2, 3));
  const devices = names.flatMap((name) =>
    Array.from({ length: chance.between(1, 3) }, (_, n) => `${name}@localhost/${['phone', 'tv', 'desk'][n]}`),
  );
  const steps: PepStep[] = [];
  let at = 1000;
  for (let n = chance.between(15, 40); n > 0; n -= 1) {
    at += chance.happens(0.5) ? chance.between(600, 2500) : chance.between(0, 200);
    const deeds = Array.from({ length: chance.happens(0.6) ? 1 : chance.between(2, 5) }, () =>
      invent(chance, names, devices),
    );
    steps.push({ id: `s${steps.length + 1}`, at, deeds });
  }
  return { seed, devices, failures: chance.happens(0.4) ? 0.15 : 0, steps };
}

function invent(chance: Chance, names: readonly string[], devices: readonly string[]): PepStep['deeds'][number] {
  const device = chance.pick(devices);
  const [node, id] = [chance.pick(NODES), chance.pick(IDS)];
  const what = chance.weighted({
    publish: 12,
    retract: 3,
    purge: 0.5,
    delete: 0.5,
    access: 2,
    block: 0.7,
    unblock: 0.7,
    bookmark: 3,
    unbookmark: 1,
    list: 1.5,
    come: 2,
    go: 1,
  });
  switch (what) {
    case 'publish':
    case 'retract':
      return { do: what, device, node, id };
    case 'purge':
    case 'delete':
      return { do: what, device, node };
    case 'access':
      return { do: what, device, node, model: chance.pick(['open', 'presence', 'whitelist']) };
    case 'block':
    case 'unblock':
      return { do: what, device, whom: `${chance.pick(names)}@localhost` };
    case 'bookmark':
    case 'unbookmark':
      return { do: what, device, id: chance.pick(ROOMS) };
    case 'list':
      return { do: what, device, ids: ROOMS.filter(() => chance.happens(0.5)) };
    case 'come':
    case 'go':
      // The first ones stay.
      return { do: device.endsWith('/phone') ? 'come' : what, device };
  }
}

/** A story, to be read. */
export function tellPepStory({ seed, steps, failures }: PepStory): string {
  const lines = steps.flatMap(({ id, at, deeds }) =>
    deeds.map((deed) => `  ${(at / 1000).toFixed(3).padStart(8)} s  ${id.padEnd(4)} ${JSON.stringify(deed)}`),
  );
  return [`World ${seed} (${failures * 100} % of writes fail):`, ...lines].join('\n');
}
