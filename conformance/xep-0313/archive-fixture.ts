import type { ArchivedMessage } from '../client/archive.ts';
import type { Device } from '../client/device.ts';
import { bodies, checkEqual } from '../checks.ts';
import type { Stage } from '../stage.ts';

/** An account whose archive has ten messages, 1 to 10: odd ones from bob, even ones from carol. */
export interface Archive {
  readonly alice: Device;
  readonly bob: Device;
  readonly carol: Device;
  readonly rows: readonly ArchivedMessage[];
  /** Id of message `number`. */
  id(number: number): string;
}

export async function fillArchive(stage: Stage): Promise<Archive> {
  const { alice, bob, carol } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy', carol: 'phone=legacy' });
  for (let number = 1; number <= 10; number += 1) {
    const sender = number % 2 === 1 ? bob.phone : carol.phone;
    sender.message({ to: alice.jid, type: 'chat' }, `${number}`);
    await sender.fence();
  }
  const { rows } = await alice.phone.archive();
  checkEqual(numbersOf(rows), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 'the archive');
  return { alice: alice.phone, bob: bob.phone, carol: carol.phone, rows, id: (number) => rows[number - 1]?.id ?? '' };
}

/** The numbers that are the messages' bodies. */
export function numbersOf(rows: readonly ArchivedMessage[]): number[] {
  return bodies(rows.map(({ stanza }) => stanza)).map(Number);
}
