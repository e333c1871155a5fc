import type { Problem } from '../world/problem.ts';
import type { World } from '../world/world.ts';
import { checkAcknowledgements } from './acknowledgements.ts';
import { checkArchives } from './archives.ts';
import { checkCopies } from './copies.ts';
import { checkDevices } from './devices.ts';
import { checkForwards } from './forwards.ts';
import { Ledger } from './ledger.ts';
import { checkOrder } from './order.ts';
import { checkOwed } from './owed.ts';
import { checkPages } from './pages.ts';
import { checkReplays } from './replays.ts';

/** Reports a violated rule. */
export type Report = (check: string, text: string) => void;

/** What is wrong with a world that has come to its end. */
export function checkWorld(world: World): readonly Problem[] {
  const problems: Problem[] = [...world.problems];
  const report: Report = (check, text) => void problems.push({ check, text });
  const { recorder, story } = world;
  const acknowledged = new Set([...world.devices.values()].flatMap((device) => [...device.acknowledged]));
  const ledger = new Ledger(recorder, story.accounts, story.settings.policy, acknowledged);
  checkArchives(world, ledger, report);
  checkCopies(world, ledger, report);
  checkForwards(world, ledger, report);
  checkOrder(world, ledger, report);
  checkAcknowledgements(world, ledger, report);
  checkReplays(world, ledger, report);
  checkOwed(world, ledger, report);
  checkPages(world, report);
  checkDevices(world, report);
  return problems;
}
