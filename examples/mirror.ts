// Mirrors an account's messages into a file, a line for each step, and goes on where it ended when it is started again:
// XMPP_SERVICE=… XMPP_JID=me@chat.example XMPP_PASSWORD=… node mirror.ts messages.jsonl
import { appendFile, readFile, truncate } from 'node:fs/promises';
import { createClient, memoryStore, type TimelineStore } from '@tutti/client';

/** A store that is a file: what the client would remember is what the mirror shows. */
function fileStore(path: string): TimelineStore {
  return {
    async load() {
      const bytes = await readFile(path).catch(() => Buffer.alloc(0));
      // A line that has no end was being written when the program ended: it never happened.
      const whole = bytes.lastIndexOf('\n') + 1;
      if (whole < bytes.length) await truncate(path, whole);
      const memory = memoryStore();
      for (const line of bytes.toString('utf8', 0, whole).split('\n').slice(0, -1))
        await memory.commit(JSON.parse(line));
      return memory.load();
    },
    commit: (change) => appendFile(path, `${JSON.stringify(change)}\n`, { flush: true }),
    close: () => Promise.resolve(),
  };
}

const { XMPP_SERVICE: service = '', XMPP_JID: jid = '', XMPP_PASSWORD: password = '' } = process.env;
const [username = '', domain = ''] = jid.split('@');
const store = fileStore(process.argv[2] ?? 'messages.jsonl');
const mirror = createClient({ service, domain, username, password, store });

mirror.on('progress', ({ done, behind }) => console.log(`${done} messages read, ${behind ?? 'some'} to go`));
mirror.on('error', (error) => console.error(error));
process.once('SIGTERM', () => void mirror.stop());

await mirror.start();
console.log('up to date');
