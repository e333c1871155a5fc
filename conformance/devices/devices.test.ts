import { expect, it } from 'vitest';
import { requirePeer } from '../peers.ts';
import type { Target } from '../target.ts';
import { startEjabberd } from '../targets/ejabberd.ts';
import { startProsody } from '../targets/prosody.ts';
import { startTutti } from '../targets/tutti.ts';
import { type Means, type Measured, measureDevices } from './measure.ts';
import { formatDevices } from './report.ts';

async function measure(start: () => Promise<Target>, means: Means): Promise<readonly Measured[]> {
  const target = await start();
  try {
    return await measureDevices(target, means, 'tcp');
  } finally {
    await target.stop();
  }
}

const broken = (measured: readonly Measured[]): string[] =>
  measured
    .filter((one) => one.missedLive.length + one.missed.length + one.doubled.length > 0)
    .map(({ title }) => title);

it('I1 I7 on Tutti every device sees every everyday message once', { timeout: 60_000 }, async () => {
  const measured = await measure(() => startTutti(), 'im-ng');
  expect(broken(measured)).toEqual([]);
  expect(measured.every(({ archived }) => archived.alice === 1 || archived.bob === 1)).toBe(true);
  expect(formatDevices('Tutti', 'im-ng', measured)).toContain(
    `${measured.length} of ${measured.length} scenarios are whole`,
  );
});

it('legacy devices of one account on Tutti have nothing twice', { timeout: 60_000 }, async () => {
  const measured = await measure(() => startTutti(), 'carbons');
  expect(measured.flatMap(({ doubled }) => doubled)).toEqual([]);
});

// The measurement has to find what is known of these servers: that a bounce reaches only the device that has sent.
it.runIf(requirePeer('prosody', 'what every device sees on Prosody'))('Prosody', { timeout: 60_000 }, async () => {
  expect(broken(await measure(() => startProsody(), 'carbons'))).toContain(
    'a message to an account that is not there: the bounce',
  );
});

it.runIf(requirePeer('ejabberd', 'what every device sees on ejabberd'))('ejabberd', { timeout: 60_000 }, async () => {
  expect(broken(await measure(startEjabberd, 'carbons'))).toContain(
    'a message to an account that is not there: the bounce',
  );
});
