import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LineBuffer } from './line-buffer.ts';

describe('log lines', () => {
  let written: string[];
  let lines: LineBuffer;
  beforeEach(() => {
    vi.useFakeTimers();
    written = [];
    lines = new LineBuffer((text) => written.push(text));
  });
  afterEach(() => {
    lines.close();
    vi.useRealTimers();
  });

  function write(count: number): void {
    for (let line = 0; line < count; line += 1) lines.write(`${line}\n`);
  }

  it('few of them are written at once, each', () => {
    write(3);
    vi.advanceTimersByTime(10);
    write(3);
    expect(written).toHaveLength(6);
  });

  it('where there are many, those of the next turns are one write each, until there are few again', () => {
    write(4);
    vi.advanceTimersByTime(10);
    written.length = 0;
    write(4);
    expect(written).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(written).toEqual(['0\n1\n2\n3\n']);
    vi.advanceTimersByTime(10);
    write(1);
    expect(written).toHaveLength(2);
  });

  it('a flood does not wait for the end of its turn', () => {
    write(4);
    vi.advanceTimersByTime(10);
    written.length = 0;
    lines.write('x'.repeat(65_536));
    expect(written).toHaveLength(1);
  });

  it('what waits is written when the log is closed', () => {
    write(4);
    vi.advanceTimersByTime(10);
    write(1);
    lines.close();
    expect(written).toHaveLength(5);
  });
});
