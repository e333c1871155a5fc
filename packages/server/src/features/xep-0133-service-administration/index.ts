import { defineFeature } from '../../feature.ts';
import { accountCommands } from './accounts.ts';
import { announceCommand } from './announce.ts';
import { endingCommands } from './ending.ts';
import { listCommands } from './lists.ts';
import { MessageOfTheDay } from './motd.ts';
import { motdMigrations } from './schema.ts';
import { sessionCommands } from './sessions.ts';

/** Service Administration: what `tutti user` and `tutti sessions` do, for the administrators of the configuration and any client. */
export const serviceAdministration = defineFeature({
  spec: 'XEP-0133',
  version: '1.3.1',
  name: 'Service Administration',
  note: 'without welcome messages, rosters, last logins, and the lists of who is allowed, blocked, or an administrator',
  migrations: motdMigrations,
  setup(api) {
    const commands = [
      ...accountCommands(api),
      ...sessionCommands(api),
      ...listCommands(api),
      announceCommand(api),
      ...new MessageOfTheDay(api).commands(),
      ...endingCommands(api),
    ];
    for (const command of commands) api.command(command);
  },
});
