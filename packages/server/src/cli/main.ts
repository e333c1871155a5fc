/** Where the process begins. */
import { processIo } from './io.ts';
import { run } from './program.ts';
import { services } from './services.ts';

// What a server writes is nobody else's: databases, keys, logs.
process.umask(0o077);
process.exitCode = await run(process.argv.slice(2), processIo(), services);
