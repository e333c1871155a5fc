/** What a running server takes over of a changed configuration. */
import { getAt } from './layers.ts';
import { formatPath } from './leaves.ts';
import { mapLeaves, toConfig } from './map.ts';
import type { Config, WrittenConfig } from './schema.ts';

/** A changed configuration, as far as it can be put in force. */
export interface Reload {
  /** The new values, where they can be taken over; the running ones elsewhere. */
  readonly written: WrittenConfig;
  readonly config: Config;
  /** The keys that change now. */
  readonly changed: readonly string[];
  /** The keys whose new values wait for the next start. */
  readonly waiting: readonly string[];
}

/** Compares the configuration in force with a new one. */
export function planReload(running: WrittenConfig, next: WrittenConfig): Reload {
  const changed = new Set<string>();
  const waiting = new Set<string>();
  const differs = (path: readonly string[]): boolean =>
    JSON.stringify(getAt(running, path)) !== JSON.stringify(getAt(next, path));
  const written = mapLeaves(next, (value, path, { note }) => {
    if (!differs(path)) return value;
    const isHeld = note.atStart === true;
    (isHeld ? waiting : changed).add(formatPath(path));
    return isHeld ? getAt(running, path) : value;
  });
  mapLeaves(running, (_, path) => differs(path) && getAt(next, path) === undefined && changed.add(formatPath(path)));
  return { written, config: toConfig(written), changed: [...changed], waiting: [...waiting] };
}
