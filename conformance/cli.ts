/** `npm run conformance -- --host example.org --domain example.org --accounts FILE --section 0409/3` */
import { runConformance } from './main.ts';

process.exitCode = await runConformance(process.argv.slice(2));
