/** Where the process begins. */
import { processIo } from './io.ts';
import { run } from './program.ts';
import { services } from './services.ts';

process.exitCode = await run(process.argv.slice(2), processIo(), services);
