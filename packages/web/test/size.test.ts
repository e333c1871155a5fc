import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preparePage } from '../prepare.ts';

describe('the built page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-page-'));
  const page = join(folder, 'page');
  beforeAll(() => preparePage(page), 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const measure = (ending: string): number =>
    readdirSync(page, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(ending))
      .reduce((sum, name) => sum + gzipSync(readFileSync(join(page, name)), { level: 9 }).length, 0);

  it('has less than 90 kB of JavaScript, gzipped, and less than 10 kB of styles', () => {
    expect(measure('.js')).toBeLessThan(90_000);
    expect(measure('.css')).toBeLessThan(10_000);
  });

  it('is one script and one style of its own, and names nobody else', () => {
    const html = readFileSync(join(page, 'index.html'), 'utf8');
    expect([...html.matchAll(/<script[^>]*>/g)].map(([tag]) => tag)).toEqual([
      expect.stringMatching(/^<script type="module" crossorigin src="\/assets\/index-[\w-]+\.js">$/),
    ]);
    expect(html).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/ style=|<style/);
  });

  it('gives the service worker the name of every file', () => {
    const worker = readFileSync(join(page, 'sw.js'), 'utf8');
    const needed = readdirSync(page, { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter(
        (entry) => entry.isFile() && !['sw.js', 'index.html', '.sources', 'icon-maskable.svg'].includes(entry.name),
      )
      .map((entry) => join(entry.parentPath, entry.name).slice(page.length));
    for (const path of ['/', ...needed]) expect(worker).toContain(JSON.stringify(path));
    expect(worker).not.toMatch(/__(?:FILES|EDITION)__/);
  });

  it('is built once for the same sources', async () => {
    expect(await preparePage(page)).toBe(false);
  });
});
