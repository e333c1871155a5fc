import { expect, test } from 'vitest';
import { loadConfig } from './load.ts';
import { planReload } from './reload.ts';

function load(...settings: string[]) {
  return loadConfig({ cwd: '/nowhere', settings });
}

test('new values are taken over, save those that are read at the start only', () => {
  const before = load('c2s.port=1', 'limits.depth=1');
  const after = load('c2s.port=2', 'limits.depth=2', 'archive.retention=1 day', 'domains=b.example', 'data=/else');
  const { config, changed, waiting } = planReload(before.written, after.written);
  expect(changed).toEqual(['limits.depth', 'archive.retention']);
  expect(waiting).toEqual(['domains', 'data', 'c2s.port']);
  expect(config).toMatchObject({
    domains: ['localhost'],
    data: '/nowhere/data',
    c2s: { port: 1 },
    limits: { depth: 2 },
    archive: { retention: 86_400 },
  });
});

test('what waits is told again at the next reload, until it is taken back', () => {
  const before = load('c2s.port=1');
  const first = planReload(before.written, load('c2s.port=2').written);
  expect(planReload(first.written, load('c2s.port=2').written).waiting).toEqual(['c2s.port']);
  expect(planReload(first.written, load('c2s.port=1').written)).toMatchObject({ changed: [], waiting: [] });
});

test('certificates of domains come and go', () => {
  const name = 'tls.domains."b.example"';
  const without = load();
  const withOne = load(`${name}.cert=/c.pem`, `${name}.key=/k.pem`);
  const keys = [`${name}.cert`, `${name}.key`];
  expect(planReload(without.written, withOne.written)).toMatchObject({ changed: keys, waiting: [] });
  expect(planReload(withOne.written, without.written)).toMatchObject({
    changed: keys,
    config: { tls: { domains: {} } },
  });
});

test('the same configuration changes nothing', () => {
  const { written, config } = load('domains=a.example', 'archive.retention=forever');
  expect(planReload(written, load('domains=a.example').written)).toEqual({ written, config, changed: [], waiting: [] });
});
