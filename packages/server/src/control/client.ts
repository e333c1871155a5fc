/** The command line's end of the control socket. */
import { statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { ControlError, RefusedError, type ControlErrorCode } from './errors.ts';
import { checkSocket, checkSocketFolder, locateSocket } from './paths.ts';
import { LineReader, responseSchema, type Response } from './protocol.ts';

const DEFAULT_TIMEOUT_MS = 10_000;

/** A connection to a running server. */
export interface ControlClient {
  /**
   * Asks the server to do something.
   * @returns what the handler gave
   * @throws RefusedError when the handler refused; ControlError when it could not be asked
   */
  call(method: string, params?: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): void;
}

/**
 * Connects to the server of a data folder.
 * @throws ControlError `not-running` when there is none, `denied`, `unsafe`, `timeout`
 */
export async function connectControl(
  dataDir: string,
  { timeoutMs = DEFAULT_TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
): Promise<ControlClient> {
  const isFolder = statSync(dataDir, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder) throw new ControlError('not-running', `no server is running: there is no folder ${dataDir}`);
  const path = findSocket(dataDir);
  const socket = await open(path, timeoutMs);
  return new SocketClient(socket, timeoutMs);
}

function findSocket(dataDir: string): string {
  try {
    const path = locateSocket(dataDir);
    checkSocketFolder(path, dataDir, { create: false });
    checkSocket(path, dataDir);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    throw new ControlError(
      'denied',
      `${dataDir}: this user may not enter it; run this as the user that runs the server`,
    );
  }
}

function open(path: string, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new ControlError('timeout', `the server on ${path} does not answer`));
    }, timeoutMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const isGone = error.code === 'ECONNREFUSED' || error.code === 'ENOENT';
      reject(isGone ? new ControlError('not-running', 'no server is running') : error);
    });
  });
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

class SocketClient implements ControlClient {
  private readonly socket: Socket;
  private readonly timeoutMs: number;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  constructor(socket: Socket, timeoutMs: number) {
    this.socket = socket;
    this.timeoutMs = timeoutMs;
    const reader = new LineReader();
    socket.on('data', (chunk) => {
      for (const line of reader.push(chunk)) this.receive(line);
    });
    socket.on('error', (error) => this.failAll(error.message));
    socket.on('close', () => this.failAll('it closed the connection'));
  }

  call(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) {
        reject(new ControlError('closed', 'the server is gone'));
        return;
      }
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new ControlError('timeout', `the server did not answer ${method} within ${this.timeoutMs / 1000} s`));
      }, this.timeoutMs);
      this.waiting.set(id, { resolve, reject, timer });
      this.socket.write(`${JSON.stringify({ id, method, params })}\n`);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(line: string): void {
    let response: Response;
    try {
      response = responseSchema.parse(JSON.parse(line));
    } catch {
      this.socket.destroy(new Error('it sent something that is not an answer'));
      return;
    }
    const waiting = this.waiting.get(response.id);
    if (waiting === undefined) {
      if ('error' in response) this.failAll(response.error.message); // id 0: it could not read what we sent
      return;
    }
    this.waiting.delete(response.id);
    clearTimeout(waiting.timer);
    if ('error' in response) waiting.reject(toError(response.error));
    else waiting.resolve(response.result);
  }

  private failAll(reason: string): void {
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(new ControlError('closed', `the server did not answer: ${reason}`));
    }
    this.waiting.clear();
  }
}

function toError({ code, message, refused }: { code: string; message: string; refused: boolean }): Error {
  return refused ? new RefusedError(code, message) : new ControlError(code as ControlErrorCode, message);
}
