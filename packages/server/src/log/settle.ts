import { LogError, type Appended } from './log.ts';

/** What `AccountLog.append` calls back with. */
export type Done = (result: Appended | LogError) => void;

/** Calls `done`. Its exception is the caller's bug: it surfaces as uncaught and must not keep the units after it from their answers. */
export function settle(done: Done, result: Appended | LogError): void {
  try {
    done(result);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** The LogError of a closed log. */
export function closedError(): LogError {
  return new LogError('the log is closed');
}

/** Any failure as a LogError, the original as its cause. */
export function toLogError(error: unknown): LogError {
  if (error instanceof LogError) return error;
  return new LogError(error instanceof Error ? error.message : String(error), { cause: error });
}
