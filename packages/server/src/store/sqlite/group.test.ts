import { beforeEach, describe, expect, it } from 'vitest';
import { SqlConnection } from './executor.ts';
import { answerAll } from './group.ts';
import type { StoreRequest } from './thread.ts';

const insert = (id: number): StoreRequest => ({
  kind: 'execute',
  sql: 'insert into t (id) values (?)',
  parameters: [id],
});
const select: StoreRequest = { kind: 'execute', sql: 'select id from t order by id', parameters: [] };
const run = (sql: string): StoreRequest => ({ kind: 'execute', sql, parameters: [] });

describe('statements that come together', () => {
  let connection: SqlConnection;
  let commits: number;
  beforeEach(() => {
    connection = new SqlConnection({ path: ':memory:', busyMs: 0 });
    connection.execute('create table t (id integer primary key)', []);
    commits = 0;
    const { execute } = connection;
    connection.execute = (sql, parameters) => {
      if (sql === 'COMMIT') commits += 1;
      return execute.call(connection, sql, parameters);
    };
  });

  const ids = (): unknown => connection.execute('select id from t order by id', []).rows.map(({ id }) => id);

  it('writes share one commit and are answered in order, reads between them see what was written', () => {
    const answers = answerAll(connection, [insert(1), select, insert(2), select]);
    expect(answers.map(({ result }) => result?.rows.length)).toEqual([0, 1, 0, 2]);
    expect(commits).toBe(1);
    expect(connection.isTransaction).toBe(false);
  });

  it('one that fails takes no other with it', () => {
    const answers = answerAll(connection, [insert(1), insert(1), insert(2)]);
    expect(answers.map(({ error }) => error !== undefined)).toEqual([false, true, false]);
    expect(ids()).toEqual([1, 2]);
  });

  it('when the commit fails all of them have failed', () => {
    connection.execute('PRAGMA foreign_keys = ON', []);
    connection.execute(
      'create table child (id integer references t (id) deferrable initially deferred, n integer)',
      [],
    );
    const orphan = run('insert into child (id, n) values (99, 1)');
    const answers = answerAll(connection, [insert(1), orphan]);
    expect(answers.every(({ error }) => error?.includes('FOREIGN KEY') === true)).toBe(true);
    expect(ids()).toEqual([]);
    expect(connection.isTransaction).toBe(false);
  });

  it('what comes after the end fails by itself; the end is answered', () => {
    const answers = answerAll(connection, [insert(1), { kind: 'close' }, insert(2), insert(3), { kind: 'rollback' }]);
    expect(answers).toHaveLength(5);
    expect(answers.slice(0, 2).map(({ error }) => error)).toEqual([undefined, undefined]);
    expect(answers.slice(2, 4).map(({ error }) => error)).toEqual(['database is not open', 'database is not open']);
  });

  it('a transaction of its own is left alone', () => {
    const answers = answerAll(connection, [
      run('BEGIN IMMEDIATE'),
      insert(1),
      insert(2),
      { kind: 'rollback' },
      insert(3),
    ]);
    expect(answers.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(ids()).toEqual([3]);
    expect(commits).toBe(0);
  });
});
