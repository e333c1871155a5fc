/** Plays worlds of personal events: `npm run simulate:pep -- --seeds 300`. */
import { runSeries } from '../series.ts';
import { pepMutants } from './mutants.ts';

process.exitCode = await runSeries({
  command: 'simulate:pep',
  file: import.meta.filename,
  mutants: pepMutants,
  load: async () => {
    const [{ openPepPlayer }, { generatePepStory, tellPepStory }] = await Promise.all([
      import('./run.ts'),
      import('./story.ts'),
    ]);
    return { openPlayer: openPepPlayer, generate: generatePepStory, tell: tellPepStory };
  },
  count: ({ deeds, lives }) => ({
    deeds: deeds.length,
    events: lives.flatMap(({ received }) => received).filter(({ stanza }) => stanza.name === 'message').length,
  }),
});
