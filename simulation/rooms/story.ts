import type { DiskState } from '../story/story.ts';
import { Chance } from '../world/chance.ts';

/** One thing that happens; `at` in ms since the world began. */
export type RoomStep = { readonly id: string; readonly at: number } & (
  | { readonly do: 'come'; readonly device: string; readonly imNg: boolean }
  | { readonly do: 'go' | 'leave' | 'say' | 'retract'; readonly device: string }
  | { readonly do: 'enter'; readonly device: string; readonly nick: string }
  | { readonly do: 'whisper'; readonly device: string; readonly nick: string }
  | { readonly do: 'disk'; readonly state: DiskState }
  | { readonly do: 'crash'; readonly written: boolean }
);

export interface RoomStory {
  readonly seed: number;
  /** Bare JIDs. */
  readonly accounts: readonly string[];
  readonly steps: readonly RoomStep[];
}

const NAMES = ['alice', 'bob', 'carol', 'dave'];

/** Invents a story: people with several devices in a room, on a disk with moods, in a process that dies now and then. */
export function generateRoomStory(seed: number): RoomStory {
  const chance = new Chance(seed).fork('rooms');
  const names = NAMES.slice(0, chance.between(2, NAMES.length));
  const devices = names.flatMap((name) =>
    Array.from({ length: chance.between(1, 3) }, (_, n) => `${name}@localhost/${['phone', 'tv', 'desk'][n]}`),
  );
  const hasTroubles = chance.happens(0.5);
  const kinds = new Map(devices.map((device) => [device, chance.happens(0.7)]));
  const steps: RoomStep[] = [];
  let at = 0;
  const add = (step: { readonly [key: string]: unknown; readonly do: RoomStep['do'] }): void =>
    void steps.push({ id: `s${steps.length + 1}`, at, ...step } as RoomStep);
  const come = (device: string): void => {
    add({ do: 'come', device, imNg: kinds.get(device) === true });
    at += chance.between(20, 60);
    if (chance.happens(0.85)) add({ do: 'enter', device, nick: nickOf(device, chance) });
  };
  for (const device of devices) come(device);
  for (let n = chance.between(20, 50); n > 0; n -= 1) {
    at += chance.happens(0.3) ? chance.between(400, 2500) : chance.between(0, 25);
    const device = chance.pick(devices);
    const what = chance.weighted({
      say: 10,
      whisper: 8,
      retract: 1,
      enter: 3,
      leave: 2,
      go: 1,
      come: 2,
      disk: hasTroubles ? 1.5 : 0,
      crash: hasTroubles ? 0.5 : 0,
    });
    if (what === 'come') come(device);
    else if (what === 'whisper' || what === 'enter') {
      add({ do: what, device, nick: nickOf(what === 'enter' ? device : chance.pick(devices), chance) });
    } else if (what === 'disk') add({ do: 'disk', state: chance.pick(['slow', 'full', 'failing', 'good', 'good']) });
    else if (what === 'crash') {
      add({ do: 'crash', written: chance.happens(0.5) });
      at += 50;
      for (const one of devices) if (chance.happens(0.7)) come(one);
    } else add({ do: what, device });
  }
  return { seed, accounts: names.map((name) => `${name}@localhost`), steps };
}

/** The devices of one user share a nickname, but for one now and then. */
function nickOf(device: string, chance: Chance): string {
  const [name = '', resource] = device.split(/@localhost\//);
  return chance.happens(0.9) ? name : `${name}-${resource}`;
}

/** A story, to be read. */
export function tellRoomStory({ seed, steps }: RoomStory): string {
  const lines = steps.map(
    ({ id, at, ...step }) => `  ${(at / 1000).toFixed(3).padStart(8)} s  ${id.padEnd(4)} ${JSON.stringify(step)}`,
  );
  return [`Room ${seed}:`, ...lines].join('\n');
}
