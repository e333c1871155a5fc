import type { SqlConnection } from './executor.ts';
import type { StoreAnswer, StoreRequest } from './thread.ts';

type Execute = StoreRequest & { readonly kind: 'execute' };

const WRITES = /^\s*(insert|update|delete|replace)\b/i;
const PLAIN = /^\s*(insert|update|delete|replace|select|with)\b/i;

/**
 * Answers requests, in order. Writes that come together, each a transaction of its own, share one commit and one fsync; none is answered before
 * that. One that fails takes no other with it, unless SQLite gives up the whole transaction (a full disk): then all of them have failed.
 */
export function answerAll(connection: SqlConnection, requests: readonly StoreRequest[]): StoreAnswer[] {
  const answers: StoreAnswer[] = [];
  while (answers.length < requests.length) {
    const group = connection.isTransaction ? [] : takeGroup(requests.slice(answers.length));
    if (group.length > 1) answers.push(...commitTogether(connection, group));
    else answers.push(answer(connection, requests[answers.length] as StoreRequest));
  }
  return answers;
}

/** The statements at the head that may share a transaction, up to the last that writes; none where fewer than two write. */
function takeGroup(requests: readonly StoreRequest[]): Execute[] {
  const end = requests.findIndex((request) => request.kind !== 'execute' || !PLAIN.test(request.sql));
  const plain = (end < 0 ? requests : requests.slice(0, end)) as Execute[];
  const writes = plain.map(({ sql }) => WRITES.test(sql));
  if (writes.filter(Boolean).length < 2) return [];
  return plain.slice(0, writes.lastIndexOf(true) + 1);
}

function commitTogether(connection: SqlConnection, group: readonly Execute[]): StoreAnswer[] {
  const answers: StoreAnswer[] = [];
  try {
    connection.execute('BEGIN IMMEDIATE', []);
    for (const request of group) {
      answers.push(answer(connection, request));
      if (!connection.isTransaction) return group.map(() => answers.at(-1) as StoreAnswer);
    }
    connection.execute('COMMIT', []);
    return answers;
  } catch (error) {
    connection.rollback();
    return group.map(() => toAnswer(error));
  }
}

function answer(connection: SqlConnection, request: StoreRequest): StoreAnswer {
  try {
    if (request.kind === 'execute') return { result: connection.execute(request.sql, request.parameters) };
    if (request.kind === 'rollback') connection.rollback();
    if (request.kind === 'close') connection.close();
    return {};
  } catch (error) {
    return toAnswer(error);
  }
}

function toAnswer(error: unknown): StoreAnswer {
  const { message, errcode } = error as { message: string; errcode?: number };
  return { error: message, code: errcode ?? 0 };
}
