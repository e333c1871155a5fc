import type { IncomingMessage } from 'node:http';
import type { Clock } from '../environment.ts';
import { UploadCut } from '../uploads/uploads.ts';

/** The body of a request, piece by piece. Throws UploadCut where it does not come to its end, or stands still for so many milliseconds; 0 = never. */
export async function* readSteadily(body: IncomingMessage, clock: Clock, ms: number): AsyncGenerator<Uint8Array> {
  const giveUp = (): void => void body.destroy(new UploadCut(408, 'The upload stood still for too long.'));
  const watch = () => (ms === 0 ? undefined : clock.after(ms, giveUp));
  let timer = watch();
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      timer?.cancel();
      // The time that the disk takes is not the client's.
      yield chunk;
      timer = watch();
    }
  } catch (error) {
    // The client went away: nobody reads this.
    throw error instanceof UploadCut
      ? error
      : new UploadCut(400, 'The file did not come to its end.', { cause: error });
  } finally {
    timer?.cancel();
  }
}
