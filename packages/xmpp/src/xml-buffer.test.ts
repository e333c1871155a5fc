import { describe, expect, test } from 'vitest';
import { ChunkBuffer } from './xml-buffer.ts';

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(buffer: ChunkBuffer, keep: number): string {
  return new TextDecoder().decode(buffer.bytes.subarray(keep, buffer.end));
}

describe('ChunkBuffer', () => {
  test('uses a chunk as it is while nothing else is kept', () => {
    const buffer = new ChunkBuffer();
    const chunk = bytesOf('abc');
    expect(buffer.add(chunk, 0)).toBe(0);
    expect(buffer.bytes).toBe(chunk);
    expect(buffer.add(bytesOf('def'), 3)).toBe(-3);
    expect(textOf(buffer, 0)).toBe('def');
  });

  test('joins what is kept with the next chunk and tells how far it moved', () => {
    const buffer = new ChunkBuffer();
    buffer.add(bytesOf('abcdef'), 0);
    expect(buffer.add(bytesOf('gh'), 4)).toBe(-4);
    expect(textOf(buffer, 0)).toBe('efgh');
    expect(buffer.add(bytesOf('i'), 1)).toBe(0);
    expect(textOf(buffer, 1)).toBe('fghi');
  });

  test('release() copies the rest of a chunk, and holds nothing when there is none', () => {
    const buffer = new ChunkBuffer();
    const chunk = bytesOf('x'.repeat(60_000));
    buffer.add(chunk, 0);
    expect(buffer.release(59_990)).toBe(-59_990);
    chunk.fill(0);
    expect(textOf(buffer, 0)).toBe('x'.repeat(10));
    expect(buffer.bytes.buffer.byteLength).toBe(10);
    expect(buffer.release(10)).toBe(-10);
    expect(buffer.bytes.buffer.byteLength).toBe(0);
  });

  test('release() gives back what a big stanza needed and its successor does not', () => {
    const buffer = new ChunkBuffer();
    buffer.add(bytesOf('a'), 0);
    buffer.add(bytesOf('x'.repeat(50_000)), 0);
    expect(buffer.release(49_990)).toBe(-49_990);
    expect(buffer.bytes.buffer.byteLength).toBe(11);
    expect(textOf(buffer, 0)).toBe('x'.repeat(11));
  });

  test('memory follows what is kept, not what went through', () => {
    const buffer = new ChunkBuffer();
    let keep = 0;
    let most = 0;
    for (let i = 0; i < 20_000; i += 1) {
      keep += buffer.add(bytesOf('0123456789'), keep);
      keep = Math.max(keep, buffer.end - 1000);
      keep += buffer.release(keep);
      most = Math.max(most, buffer.bytes.length);
    }
    expect(textOf(buffer, keep)).toBe('0123456789'.repeat(100));
    expect(most).toBeLessThanOrEqual(2 * 1010);
  });
});
