import { type Element, NS, xml } from '@tutti/xmpp';
import type { Device } from '../client/device.ts';
import { Stage } from '../stage.ts';
import type { TransportKind } from '../client/transport.ts';
import type { Target } from '../target.ts';
import { type Scenario, scenarios } from './scenarios.ts';

/** How the devices follow the conversation. */
export type Means = 'carbons' | 'im-ng';

/** What came of one scenario. */
export interface Measured {
  readonly title: string;
  /** Devices, other than the one that sends, that were to see it: `alice.tablet`. */
  readonly expected: readonly string[];
  /** Those that did not see it when it happened. */
  readonly missedLive: readonly string[];
  /** Those that did not see it at all, not in the archive either. */
  readonly missed: readonly string[];
  /** Those that have it twice: live and in the archive, and nothing says that it is the same. */
  readonly doubled: readonly string[];
  /** Rows in the archives of sender and recipient. */
  readonly archived: { readonly alice: number; readonly bob: number | undefined };
}

const NAMES = ['phone', 'tablet', 'laptop'] as const;

/** Plays every scenario with three devices a person, and looks at what each device has in the end: live, and in the archive. */
export async function measureDevices(target: Target, means: Means, transport: TransportKind): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const scenario of scenarios) {
    const stage = new Stage(target, transport);
    try {
      measured.push(await play(stage, scenario, means));
    } finally {
      await stage.close();
    }
  }
  return measured;
}

async function play(stage: Stage, scenario: Scenario, means: Means): Promise<Measured> {
  const world = (tablet = ''): string =>
    NAMES.map((name) => `${name}=${means}${name === 'tablet' ? tablet : ''}`).join(' ');
  const isAway = scenario.bob === 'away';
  const alice = (await stage.cast({ alice: world() })).alice;
  const bob = (await stage.cast({ bob: isAway ? '' : world(scenario.bob === 'tablet behind' ? ',-1' : '') })).bob;
  const [sender, ...siblings] = alice.devices as [Device, ...Device[]];
  const id = `scenario-${Math.random().toString(36).slice(2)}`;
  const to = { bare: bob.jid, full: bob.devices[0]?.jid, self: alice.jid, nobody: `nobody-${id}@${stage.domain}` }[
    scenario.to
  ];
  sender.send(xml('message', { id, to, type: scenario.type }, ...scenario.payload(id)));
  const isBounce = scenario.to === 'nobody';
  const live = await stage.news(sender);
  const recipients = scenario.to === 'self' || isBounce ? [] : [...bob.devices];
  // Who was away comes back one after the other, as phones do.
  for (const name of isAway ? NAMES : []) recipients.push(await stage.join('bob', bob.account, `${name}=${means}`));
  const seenAtOnce = new Map(isAway ? recipients.map((device) => [device, device.transcript]) : live);
  // A bounce is what her other devices are to see: that the message failed.
  const fits = (stanza: Element): boolean => concerns(stanza, id) && (!isBounce || carries(stanza, 'error'));
  const expected = [...(scenario.unreflected === true ? [] : siblings), ...recipients];
  const missedLive: string[] = [];
  const missed: string[] = [];
  const doubled: string[] = [];
  for (const device of expected) {
    const copies = (seenAtOnce.get(device) ?? []).filter(fits);
    const rows = (await device.archive()).rows.filter(({ stanza }) => fits(stanza));
    const known = new Set(copies.flatMap((stanza) => idsIn(stanza)));
    const unknown = rows.filter((row) => !known.has(row.id));
    if (copies.length === 0) missedLive.push(device.name);
    if (copies.length + rows.length === 0) missed.push(device.name);
    if (copies.length > 1 || (copies.length > 0 && unknown.length > 0)) doubled.push(device.name);
  }
  const rowsOf = async (device: Device | undefined): Promise<number | undefined> =>
    device && (await device.archive()).rows.filter(({ stanza }) => fits(stanza)).length;
  return {
    title: scenario.title,
    expected: expected.map(({ name }) => name),
    missedLive: isAway ? [] : missedLive,
    missed,
    doubled,
    archived: { alice: (await rowsOf(sender)) ?? 0, bob: await rowsOf(recipients[0]) },
  };
}

/** The message itself, a carbon of it, or an error that answers it. */
function concerns(stanza: Element, id: string): boolean {
  return stanza.name === 'message' && stanza.attrs['from'] !== undefined && stanza.toString().includes(id);
}

function carries(stanza: Element, type: string): boolean {
  return stanza.attrs['type'] === type || /<message[^>]* type=['"]error['"]/.test(stanza.toString());
}

/** Every stanza-id in a stanza, also in one that it carries. */
function idsIn(stanza: Element): readonly string[] {
  const own = stanza.childrenNamed('stanza-id', NS.sid).map(({ attrs }) => attrs['id'] ?? '');
  return [...own, ...stanza.elements.filter(({ name }) => name !== 'stanza-id').flatMap((child) => idsIn(child))];
}
