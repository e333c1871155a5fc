import { chromium } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { requirePeer } from '../../../conformance/peers.ts';
import { bundle } from './bundle.ts';

describe.runIf(requirePeer('chromium', 'the store of browsers: IndexedDB'))('a store: IndexedDB', () => {
  it('does what every store does', async () => {
    const content = await bundle('indexeddb-entry.ts');
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage();
      // IndexedDB belongs to an origin; who answers for it does not matter.
      await page.route('http://localhost/', (route) =>
        route.fulfill({ body: '<!doctype html>', contentType: 'text/html' }),
      );
      await page.goto('http://localhost/');
      await page.addScriptTag({ content });
      const results = await page.evaluate(() =>
        (globalThis as unknown as { runCases: () => Promise<Readonly<Record<string, string>>> }).runCases(),
      );
      expect(Object.keys(results).length).toBeGreaterThan(5);
      expect([...new Set(Object.values(results))]).toEqual(['as it should']);
    } finally {
      await browser.close();
    }
  });
});
