/** A Tutti in a process of its own, told by its parent what to do. It ends when the parent does. */
import { startServer } from 'tutti';

const [data = '', ...settings] = process.argv.slice(2);
const server = await startServer({ data, settings });

/** What the parent asks for. */
interface Request {
  readonly id: number;
  readonly add: string;
  readonly password: string;
}

process.on('message', (request: Request) => void handle(request));

async function handle({ id, add, password }: Request): Promise<void> {
  try {
    await server.accounts.add(add, password);
    process.send?.({ id });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

let stopping: Promise<void> | undefined;
const stop = () => {
  stopping ??= server.stop().finally(() => process.exit(0));
};
process.on('disconnect', stop);
process.on('SIGTERM', stop);
process.on('SIGINT', () => {});
process.send?.({ listening: server.listening, pid: process.pid });
