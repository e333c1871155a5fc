/** Plays worlds with a room: `npm run simulate:rooms -- --seeds 300`. */
import { runSeries } from '../series.ts';
import { roomMutants } from './mutants.ts';

process.exitCode = await runSeries({
  command: 'simulate:rooms',
  file: import.meta.filename,
  mutants: roomMutants,
  load: async () => {
    const [{ openRoomPlayer }, { generateRoomStory, tellRoomStory }] = await Promise.all([
      import('./run.ts'),
      import('./story.ts'),
    ]);
    return { openPlayer: openRoomPlayer, generate: generateRoomStory, tell: tellRoomStory };
  },
  count: ({ utterances, lives }) => ({
    utterances: utterances.length,
    'stanzas out': lives.reduce((sum, { received }) => sum + received.length, 0),
  }),
});
