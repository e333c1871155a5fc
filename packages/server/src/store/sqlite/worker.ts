import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { SqlConnection, type StoreConnectionOptions } from './executor.ts';
import type { StoreAnswer, StoreRequest } from './thread.ts';

const port = parentPort as MessagePort;
const connection = new SqlConnection(workerData as StoreConnectionOptions);
port.on('message', (request: StoreRequest) => port.postMessage(answer(request)));

function answer(request: StoreRequest): StoreAnswer {
  try {
    if (request.kind === 'execute') return { result: connection.execute(request.sql, request.parameters) };
    if (request.kind === 'rollback') connection.rollback();
    if (request.kind === 'close') connection.close();
    return {};
  } catch (error) {
    const { message, errcode } = error as { message: string; errcode?: number };
    return { error: message, code: errcode ?? 0 };
  }
}
