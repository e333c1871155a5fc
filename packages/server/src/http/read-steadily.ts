import type { IncomingMessage } from 'node:http';
import type { Clock } from '../environment.ts';
import { UploadRefusal } from '../uploads/uploads.ts';

/** The body of a request, piece by piece. Ends it with an error when it stands still for so many milliseconds; 0 = never. */
export async function* readSteadily(body: IncomingMessage, clock: Clock, ms: number): AsyncGenerator<Uint8Array> {
  const giveUp = (): void => void body.destroy(new UploadRefusal(408, 'The upload stood still for too long.'));
  const watch = () => (ms === 0 ? undefined : clock.after(ms, giveUp));
  let timer = watch();
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      timer?.cancel();
      // The time that the disk takes is not the client's.
      yield chunk;
      timer = watch();
    }
  } finally {
    timer?.cancel();
  }
}
