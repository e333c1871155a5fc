import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { stringify } from 'smol-toml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeOrigin } from './layers.ts';
import { listLeaves } from './leaves.ts';
import { loadConfig, type ConfigOptions } from './load.ts';
import { ConfigError, suggest } from './problems.ts';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'tutti-config-'));
});

afterEach(() => {
  rmSync(cwd, { recursive: true });
});

function write(text: string, name = 'tutti.toml'): void {
  writeFileSync(join(cwd, name), text);
}

function load(options: ConfigOptions = {}) {
  return loadConfig({ cwd, ...options });
}

function complaints(options: ConfigOptions = {}): string[] {
  try {
    load(options);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('defaults', () => {
  test('without a file everything has a value', () => {
    const { config, file, warnings } = load();
    expect(file).toBeUndefined();
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      domains: ['localhost'],
      data: join(cwd, 'data'),
      c2s: { enabled: true, host: '127.0.0.1', port: 5222, requireTls: true },
      c2sTls: { enabled: true, host: '127.0.0.1', port: 5223 },
      http: { enabled: true, host: '127.0.0.1', port: 5280 },
      tls: { cert: '', key: '', domains: {} },
      registration: { enabled: false, ratePerHour: 10 },
      archive: { retention: Infinity, transientRetention: 86_400, policy: 'everything' },
      limits: { stanzaBytes: 262_144, unauthenticatedStanzaBytes: 10_000, outboxBytes: 262_144 },
    });
  });

  test('a file that is named must be there', () => {
    expect(complaints({ file: 'gone.toml' })).toEqual(['gone.toml: there is no such file']);
    mkdirSync(join(cwd, 'folder'));
    expect(complaints({ file: 'folder' })).toEqual(['folder: is a folder, not a file']);
  });
});

describe('layers', () => {
  test('the command line wins over the environment, over the file, over the default', () => {
    write('[c2s]\nport = 1\nhost = "::1"\n[http]\nport = 2\n[c2s_tls]\nport = 3\n');
    const { config, origin } = load({
      environment: { TUTTI_C2S_TLS__PORT: '30', TUTTI_HTTP__PORT: '20', TUTTI_ELSE: 'ignored', PATH: '/bin' },
      settings: ['c2s_tls.port=300'],
    });
    expect(config.c2s).toMatchObject({ port: 1, host: '::1', enabled: true });
    expect(config.http.port).toBe(20);
    expect(config.c2sTls.port).toBe(300);
    const tell = (...path: string[]): string => describeOrigin(origin(path));
    expect(tell('c2s', 'port')).toBe('tutti.toml:2');
    expect(tell('c2s', 'enabled')).toBe('default');
    expect(tell('http', 'port')).toBe('TUTTI_HTTP__PORT');
    expect(tell('c2s_tls', 'port')).toBe('--set c2s_tls.port');
  });

  test('--data and --domain win over everything, also over --set', () => {
    write('domains = ["file.example"]\ndata = "here"');
    const { config, origin } = load({ data: 'there', domains: ['a.example', 'b.example'], settings: ['data=x'] });
    expect(config.domains).toEqual(['a.example', 'b.example']);
    expect(config.data).toBe(join(cwd, 'there'));
    expect(origin(['data'])).toEqual({ kind: 'option', option: '--data' });
  });

  test('TUTTI_CONFIG names the file, --config wins over it', () => {
    write('data = "one"', '1.toml');
    write('data = "two"', '2.toml');
    const environment = { TUTTI_CONFIG: '1.toml' };
    expect(load({ environment }).config.data).toBe(join(cwd, 'one'));
    expect(load({ environment, file: '2.toml' }).config.data).toBe(join(cwd, 'two'));
  });

  test('a path in a file starts at the folder of the file, any other at the working folder', () => {
    mkdirSync(join(cwd, 'etc'));
    write('data = "../var"\n[tls]\ncert = "a.pem"\nkey = "/abs/b.pem"\n[log]\noutput = "stdout"', 'etc/t.toml');
    const { config } = load({ file: 'etc/t.toml', settings: ['tls.cert=c.pem'] });
    expect(config.data).toBe(join(cwd, 'var'));
    expect(config.tls).toMatchObject({ cert: join(cwd, 'c.pem'), key: '/abs/b.pem' });
    expect(config.log.output).toBe('stdout');
  });

  test('values outside of a file need no quotes', () => {
    const { config } = load({
      settings: ['log.level=debug', 'data=123', 'contact.admin=mailto:a@example.org', 'archive.retention="1 day"'],
      environment: { TUTTI_DOMAINS: 'a.example, b.example', TUTTI_LIMITS__STANZA_BYTES: '20 kB' },
    });
    expect(config.log.level).toBe('debug');
    expect(config.data).toBe(join(cwd, '123'));
    expect(config.contact.admin).toEqual(['mailto:a@example.org']);
    expect(config.archive.retention).toBe(86_400);
    expect(config.domains).toEqual(['a.example', 'b.example']);
    expect(config.limits.stanzaBytes).toBe(20_000);
  });

  test('--set reaches a domain by its quoted name', () => {
    const name = 'tls.domains."*.example.org"';
    const { config } = load({ settings: [`${name}.cert=/c.pem`, `${name}.key=/k.pem`] });
    expect(config.tls.domains).toEqual({ '*.example.org': { cert: '/c.pem', key: '/k.pem' } });
  });
});

describe('domains', () => {
  test('are kept in lower-case Unicode (RFC 7622 §3.2)', () => {
    const domains = ['Example.ORG.', 'xn--bcher-kva.example', '10.0.0.1', '[::1]'];
    expect(load({ domains }).config.domains).toEqual(['example.org', 'bücher.example', '10.0.0.1', '[::1]']);
  });

  test.each(['', 'a b', 'user@example.org', 'example.org/x', '-a.example'])('%j is not one', (domain) => {
    expect(complaints({ domains: [domain] })).toHaveLength(1);
  });
});

describe('problems', () => {
  test('all of them are told, each with file, line, key and what is allowed', () => {
    write(`domains = []
sm_unacked_max = 4
[c2s]
prot = 5222
port = "5222"
require_tls = "maybe"
[limts]
[limits]
stanza_bytes = "1 kB"
idle_ping = "soon"
[tls.domains."Foo bar"]
[auth]
mechanisms = ["PLAIN", "CRAM-MD5"]
`);
    const found = complaints({ settings: ['c2s.hots=x'], environment: { TUTTI_HTTP__PORT: '65536' } });
    expect(found).toEqual([
      'tutti.toml:1:1: domains: an empty list is not allowed; allowed: a list of domain names, at least one: ["example.org"]',
      'tutti.toml:2:1: sm_unacked_max: unknown key; did you mean limits.sm_unacked_max?',
      'tutti.toml:4:1: c2s.prot: unknown key; did you mean c2s.port?',
      'tutti.toml:5:1: c2s.port: "5222" is not allowed; allowed: a port from 1 to 65535 (0 = any free one)',
      'tutti.toml:6:1: c2s.require_tls: "maybe" is not allowed; allowed: true or false',
      'tutti.toml:7:1: limts: unknown key; did you mean limits?',
      expect.stringMatching(/^tutti.toml:9:1: limits.stanza_bytes: "1 kB" is not allowed; allowed: .* at least 10000/),
      expect.stringMatching(/^tutti.toml:10:1: limits.idle_ping: "soon" is not allowed; allowed: a time like/),
      expect.stringMatching(/^tutti.toml:11:1: tls.domains."Foo bar": must be a domain name/),
      expect.stringMatching(/^tutti.toml:13:24: auth.mechanisms\[1\]: "CRAM-MD5" is not allowed; allowed: a list of/),
      expect.stringMatching(/^TUTTI_HTTP__PORT: http.port: 65536 is not allowed/),
      '--set c2s.hots: c2s.hots: unknown key; did you mean c2s.host?',
    ]);
  });

  test('the line is there for programs, too', () => {
    write('\n[c2s]\nport = -1');
    const problems = [{ file: 'tutti.toml', line: 3, key: 'c2s.port' }];
    expect(() => load()).toThrow(expect.objectContaining({ problems: [expect.objectContaining(problems[0])] }));
  });

  test.each([
    ['x = = 1', 'tutti.toml:1:5: not TOML: '],
    ['a = 1\na = 2', 'tutti.toml:2:1: not TOML: '],
    ['[c2s\nport = 1', 'tutti.toml:1:'],
  ])('a syntax error has its line: %j', (text, start) => {
    write(text);
    const found = complaints();
    expect(found).toHaveLength(1);
    expect(found[0]?.startsWith(start), found[0]).toBe(true);
  });

  test.each([
    ['c2s = 5', 'tutti.toml:1:1: c2s: must be a table: [c2s] on its own line'],
    ['c2s = []', 'tutti.toml:1:1: c2s: must be a table: [c2s] on its own line'],
    ['[[http]]', 'tutti.toml:1:1: http: must be a table: [http] on its own line'],
    ['data = 2020-01-01', 'tutti.toml:1:1: data: 2020-01-01 is not allowed; allowed: a path'],
    ['data = ""', 'tutti.toml:1:1: data: "" is not allowed; allowed: a path'],
    ['domains = { a = 1 }', expect.stringMatching(/^tutti.toml:1:1: domains: a table is not allowed/)],
    [
      'constructor = 1',
      expect.stringMatching(/^tutti.toml:1:1: constructor: unknown key; known here: .*domains, (\w+, )*data/),
    ],
    ['[__proto__]\nx = 1', expect.stringMatching(/^tutti.toml:1:1: __proto__: unknown key/)],
  ])('%j', (text, message) => {
    write(text);
    expect(complaints()).toEqual([message]);
  });

  test.each(['c2s.port', '=5', 'a b=5', ''])('--set %j is no setting', (text) => {
    expect(complaints({ settings: [text] })).toEqual([
      expect.stringMatching(/^--set .*not a setting: write key=value/),
    ]);
  });
});

test('whatever is written, the answer is a configuration or a ConfigError', () => {
  const name = fc.oneof(fc.constantFrom(...listLeaves().flatMap(({ path }) => path)), fc.string({ maxLength: 5 }));
  const value = fc.oneof(
    fc.constantFrom('localhost', 'a.example', '1 day', '10 KiB', 'forever', 5222, 0, true),
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.date({ noInvalidDate: true }),
    fc.array(fc.string(), { maxLength: 3 }),
  );
  const { table } = fc.letrec((tie) => ({
    table: fc.dictionary(name, fc.oneof({ depthSize: 'small' }, value, tie('table')), { maxKeys: 6 }),
  }));
  fc.assert(
    fc.property(table, fc.string({ maxLength: 20 }), (document, setting) => {
      write(stringify(document));
      const found = complaints({ settings: [setting, `${setting}=${setting}`, `c2s.port=${setting}`] });
      expect([...complaints(), ...found].filter((line) => !/^(tutti\.toml|--set)\b.*: /.test(line))).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

describe('keys that belong together', () => {
  test.each([
    ['domains = ["a.example", "A.example"]', 'tutti.toml:1:25: domains[1]: a.example is there twice'],
    ['[tls]\ncert = "a"', 'tutti.toml:2:1: tls.cert: needs key beside it'],
    ['[tls]\nkey = "a"', 'tutti.toml:2:1: tls.key: needs cert beside it'],
    ['[tls.domains."a.example"]', 'tutti.toml:1:1: tls.domains."a.example": needs cert and key'],
    ['[http]\nport = 5222', 'tutti.toml:2:1: http.port: 5222 is already taken by [c2s]'],
    [
      '[components.domains."localhost"]\nsecrets = ["long enough"]',
      'tutti.toml:1:1: components.domains.localhost: localhost holds accounts; a component has a domain of its own',
    ],
    ['[components.domains."a.example"]', 'tutti.toml:1:1: components.domains."a.example": needs a secret'],
    [
      '[limits]\nstanza_bytes = 10000\nunauthenticated_stanza_bytes = 10001',
      'tutti.toml:3:1: limits.unauthenticated_stanza_bytes: may not be more than limits.stanza_bytes',
    ],
    [
      '[limits]\nstanza_bytes = 10000\nunauthenticated_stanza_bytes = 0',
      'tutti.toml:3:1: limits.unauthenticated_stanza_bytes: may not be more than limits.stanza_bytes',
    ],
  ])('%j', (text, message) => {
    write(text);
    expect(complaints()).toEqual([message]);
  });

  test('a port that is not used, or any free one, is no conflict', () => {
    write('[c2s]\nenabled = false\nport = 0\n[c2s_tls]\nport = 0\n[http]\nport = 5222');
    expect(complaints()).toEqual([]);
  });

  test('no limit before login is fine where there is none after it', () => {
    expect(complaints({ settings: ['limits.stanza_bytes=0', 'limits.unauthenticated_stanza_bytes=0'] })).toEqual([]);
  });

  test('files at an S3 service need its address and a key', () => {
    const settings = ['upload.storage=s3', 'upload.s3_key=id'];
    expect(complaints({ settings })).toEqual([
      expect.stringContaining('upload.s3_endpoint: is needed where storage is "s3"'),
      expect.stringContaining('upload.s3_secret: is needed where storage is "s3"'),
    ]);
    const rest = ['upload.s3_secret=x', 'upload.s3_endpoint=https://s3.example.org/bucket'];
    expect(complaints({ settings: [...settings, ...rest] })).toEqual([]);
    expect(complaints({ settings: [...settings, 'upload.enabled=false'] })).toEqual([]);
  });

  test('what is hardly meant is a warning', () => {
    write('[c2s]\nhost = "0.0.0.0"\nrequire_tls = false\n[http]\nhost = "::"\n[archive]\nretention = "1 h"');
    expect(load().warnings).toEqual([
      expect.stringMatching(/^tutti.toml:3:1: c2s.require_tls: connections to 0.0.0.0 may stay unencrypted/),
      expect.stringMatching(/^tutti.toml:5:1: http.host: HTTP on :: is not encrypted/),
      'default: archive.transient_retention: is longer than archive.retention, which wins',
    ]);
    write('[c2s]\nhost = "127.0.0.2"\nrequire_tls = false\n[http]\nhost = "localhost"');
    expect(load().warnings).toEqual([]);
  });
});

test.each([
  ['prot', 'port'],
  ['requiretls', 'require_tls'],
  ['DOMAINS', 'domains'],
  ['domain', 'domains'],
  ['unrelated', undefined],
])('for %j it suggests %j', (word, expected) => {
  expect(suggest(word, ['port', 'host', 'require_tls', 'domains', 'data'])).toBe(expected);
});
