/** The server's end of the control socket: takes requests of this machine's administrator. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../environment.ts';
import { ControlError, RefusedError } from './errors.ts';
import { lockDataDir } from './lock.ts';
import { checkSocketFolder, locateSocket, removeSocketFolder } from './paths.ts';
import { LineReader, MAX_REQUEST_BYTES, requestSchema, type Response } from './protocol.ts';

/** Answers one kind of request. What it gives must survive JSON; a RefusedError goes to the client as it is. */
export type ControlHandler = (params: Readonly<Record<string, unknown>>) => unknown;

/** Handlers by the name of the method: "user.add". */
export type ControlHandlers = Readonly<Record<string, ControlHandler>>;

/** The open control socket. */
export interface ControlServer {
  readonly path: string;
  /** Closes the socket and removes it. */
  readonly close: () => Promise<void>;
}

/** A claimed data folder: nobody else can serve it until `release`. */
export interface ControlClaim {
  /** Opens the socket. */
  listen(handlers: ControlHandlers): Promise<ControlServer>;
  /** Gives the folder back, after the socket and everything else in it has been closed. */
  release(): void;
}

/**
 * Claims a data folder, before anything in it is opened.
 * @throws ControlError `already-running`, `unsafe`
 */
export function claimDataDir(dataDir: string, logger: Logger): ControlClaim {
  const path = locateSocket(dataDir);
  checkSocketFolder(path, dataDir, { create: true });
  const release = lockDataDir(dataDir);
  return { release, listen: (handlers) => listenOn(path, handlers, logger) };
}

async function listenOn(path: string, handlers: ControlHandlers, logger: Logger): Promise<ControlServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serveClient(socket, handlers, logger);
  });
  rmSync(path, { force: true }); // whoever holds the lock may: what lies there belongs to a server that died
  try {
    await listen(server, path);
    chmodSync(path, 0o600);
  } catch (error) {
    server.close();
    throw error;
  }
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve)); // also removes the socket
    removeSocketFolder(path);
  };
  return { path, close };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

function serveClient(socket: Socket, handlers: ControlHandlers, logger: Logger): void {
  const reader = new LineReader(MAX_REQUEST_BYTES);
  socket.on('error', (error) => logger.debug({ err: error }, 'control connection lost'));
  socket.on('data', (chunk) => {
    let lines: string[];
    try {
      lines = reader.push(chunk);
    } catch {
      socket.end(encode(fail(0, 'bad-request', `a request is longer than ${MAX_REQUEST_BYTES} bytes`)));
      return;
    }
    for (const line of lines) {
      void answer(line, handlers, logger).then((response) => {
        if (socket.writable) socket.write(encode(response));
      });
    }
  });
}

async function answer(line: string, handlers: ControlHandlers, logger: Logger): Promise<Response> {
  const request = requestSchema.safeParse(parseJson(line));
  if (!request.success) return fail(0, 'bad-request', 'not a request');
  const { id, method, params } = request.data;
  const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
  if (handler === undefined)
    return fail(id, 'unknown-method', `the server does not know ${method}; is it another version?`);
  try {
    return { id, result: (await handler(params)) ?? null };
  } catch (error) {
    if (error instanceof RefusedError)
      return { id, error: { code: error.code, message: error.message, refused: true } };
    if (error instanceof ControlError) return fail(id, error.code, error.message);
    logger.error({ err: error, method }, 'control request failed');
    return fail(id, 'internal', `the server failed to do ${method}; its log says why`);
  }
}

function fail(id: number, code: string, message: string): Response {
  return { id, error: { code, message, refused: false } };
}

function encode(response: Response): string {
  return `${JSON.stringify(response)}\n`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no request has this form: it is answered as one that is malformed
  }
}
