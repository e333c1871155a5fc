import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { SqlConnection, type StoreConnectionOptions } from './executor.ts';
import { answerAll } from './group.ts';
import type { StoreRequest } from './thread.ts';

const port = parentPort as MessagePort;
const connection = new SqlConnection(workerData as StoreConnectionOptions);
port.on('message', (first: StoreRequest[]) => {
  // What has arrived while others were served is served together
  for (let requests: StoreRequest[] | undefined = first; requests !== undefined; requests = receiveMore()) {
    for (let more = receiveMore(); more !== undefined; more = receiveMore()) requests.push(...more);
    port.postMessage(answerAll(connection, requests));
  }
});

function receiveMore(): StoreRequest[] | undefined {
  return receiveMessageOnPort(port)?.message as StoreRequest[] | undefined;
}
