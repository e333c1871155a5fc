import { defineFeature } from '../../feature.ts';
import { accountCommands } from './accounts.ts';
import { announceCommand } from './announce.ts';
import { listCommands } from './lists.ts';
import { sessionCommands } from './sessions.ts';

/** Service Administration: what `tutti user` and `tutti sessions` do, for the administrators of the configuration and any client. */
export const serviceAdministration = defineFeature({
  spec: 'XEP-0133',
  version: '1.3.1',
  name: 'Service Administration',
  note: 'accounts, sessions, counts, lists and announcements; the rest is in the configuration file',
  setup(api) {
    const commands = [...accountCommands(api), ...sessionCommands(api), ...listCommands(api), announceCommand(api)];
    for (const command of commands) api.command(command);
  },
});
