import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type * as api from '../src/index.ts';

// In a browser there is no Buffer: the same answers must come without it.
type Api = typeof api;

const TEXT =
  `<message xmlns='jabber:client' to='é' id='${'x'.repeat(600)}' type='chat'><body>h&#x41;llo ü€😀 ${'y'.repeat(9000)}</body>` +
  `<p:x xmlns:p='urn:p' é='1'/></message>`;

async function load(): Promise<Api> {
  vi.resetModules();
  return import('../src/index.ts');
}

function exercise({ parseXml, StreamParser, xml }: Api): unknown[] {
  const parsed = parseXml(TEXT);
  const changed = parsed.append(xml('b', null, 'ü')).without((child) => child.name === 'x');
  const parser = new StreamParser({ stanzaBytes: 0, depth: 0, attributes: 0, nameBytes: 0 });
  const bytes = new TextEncoder().encode(`<s xmlns='jabber:client'>${TEXT}${TEXT}`);
  const written: string[] = [];
  for (let at = 0; at < bytes.length; at += 1000) {
    parser.write(bytes.subarray(at, at + 1000));
    for (let event = parser.next(); event !== undefined; event = parser.next()) {
      if (event.kind === 'element') written.push(event.element.toString(), event.element.child('body')!.text());
    }
  }
  return [parsed.toString(), { ...parsed.attrs }, Array.from(changed.toBytes()), changed.text(), written];
}

describe('without Buffer', () => {
  let withBuffer: unknown[] = [];

  beforeAll(async () => {
    withBuffer = exercise(await load());
    vi.stubGlobal('Buffer', undefined);
  });
  afterAll(() => {
    vi.unstubAllGlobals();
  });

  test('everything is the same', async () => {
    expect('Buffer' in globalThis && globalThis.Buffer !== undefined).toBe(false);
    expect(exercise(await load())).toEqual(withBuffer);
    expect(withBuffer[0]).toBe(TEXT);
  });
});
