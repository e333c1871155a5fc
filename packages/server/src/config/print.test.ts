import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { generateConfigDocs } from './docs.ts';
import { getAt } from './layers.ts';
import { listLeaves, listTables } from './leaves.ts';
import { loadConfig } from './load.ts';
import { listEffective, printJson, printToml } from './print.ts';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'tutti-print-'));
});

afterEach(() => {
  rmSync(cwd, { recursive: true });
});

const SETTINGS = [
  'domains=example.org,bücher.example',
  'archive.retention=36 h',
  'limits.stanza_bytes=0',
  'limits.idle_ping=0',
  'limits.iq_timeout=1.5',
  'contact.admin=xmpp:admin@example.org',
  'tls.domains."*.example.org".cert=/c "quoted".pem',
  'tls.domains."*.example.org".key=/k.pem',
];

test('what is printed is TOML that says the same', () => {
  const loaded = loadConfig({ cwd, settings: SETTINGS });
  writeFileSync(join(cwd, 'again.toml'), printToml(loaded));
  expect(loadConfig({ cwd, file: 'again.toml' }).config).toEqual(loaded.config);
});

test('every value is printed with its origin', () => {
  writeFileSync(join(cwd, 'tutti.toml'), '\n[c2s]\nport = 6222\n');
  const loaded = loadConfig({ cwd, data: 'd', environment: { TUTTI_LOG__LEVEL: 'debug' } });
  const text = printToml(loaded);
  expect(text).toMatch(/^port = 6222 +# tutti.toml:3$/m);
  expect(text).toMatch(/^level = "debug" +# TUTTI_LOG__LEVEL$/m);
  expect(text).toMatch(/^data = ".*\/d" +# --data$/m);
  expect(text).toMatch(/^idle_ping = "5 minutes" +# default$/m);
  const json = JSON.parse(printJson(loaded)) as Record<string, unknown>;
  expect(json['c2s.port']).toEqual({ value: 6222, origin: 'tutti.toml:3' });
  expect(json['archive.retention']).toEqual({ value: 'forever', origin: 'default' });
  for (const leaf of listLeaves().filter(({ path, note }) => !path.includes('*') && note.secret !== true)) {
    expect(getAt(parse(text), leaf.path), leaf.path.join('.')).not.toBeUndefined();
  }
});

test('a secret is not printed', () => {
  const loaded = loadConfig({ cwd, settings: ['log.output=hush'] });
  const secretly = listTables().map((table) => ({
    ...table,
    leaves: table.leaves.map((leaf) => ({ ...leaf, note: { ...leaf.note, secret: true } })),
  }));
  expect(JSON.stringify(listEffective(loaded))).toContain('hush');
  expect(JSON.stringify(listEffective(loaded, secretly))).not.toContain('hush');
});

test('docs/configuration.md is current; if not: node --conditions=source scripts/generate-config-docs.ts', () => {
  const page = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');
  expect(page).toBe(generateConfigDocs());
});

test('every key and table is explained', () => {
  for (const { path, note } of listLeaves()) {
    expect(note.doc, path.join('.')).toMatch(/^["A-Z].*\.$/);
  }
  for (const { path, doc } of listTables()) expect(doc, path.join('.')).not.toBe('');
});
