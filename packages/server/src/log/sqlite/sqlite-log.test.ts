import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, vi } from 'vitest';
import { describeLog } from '../suite.ts';
import { findLogFaults } from './integrity.ts';
import { openSqliteLog } from './sqlite-log.ts';

// Each test starts workers and waits for fsyncs: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

describeLog(
  'SQLite log',
  async (environment) => {
    const folder = await mkdtemp(join(tmpdir(), 'log-'));
    const path = join(folder, 'log.db');
    const open = () => openSqliteLog({ ...environment, path, busyMs: 10 });
    let log = await open();
    // Another process that holds the lock: commits fail with SQLITE_BUSY.
    let other: DatabaseSync | undefined;
    const fail = (failing: boolean) => {
      if (failing === (other !== undefined)) return;
      if (failing) (other = new DatabaseSync(path)).exec('BEGIN IMMEDIATE');
      else {
        other?.close();
        other = undefined;
      }
    };
    return {
      log,
      fail,
      reopen: async () => {
        fail(false);
        await log.close();
        log = await open();
        return log;
      },
      destroy: async () => {
        fail(false);
        await log.close();
        const db = new DatabaseSync(path, { readOnly: true });
        // oxlint-disable-next-line vitest/no-standalone-expect -- part of every test that used this file
        expect(findLogFaults(db)).toEqual([]);
        db.close();
        await rm(folder, { recursive: true });
      },
    };
  },
  { histories: 10 },
);
