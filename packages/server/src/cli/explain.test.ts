import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RULES } from '@tutti/routing';
import { runExplain } from '../../test/run-explain.ts';

let cwd: string;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'tutti-explain-'));
});
afterAll(() => rmSync(cwd, { recursive: true }));

const explain: typeof runExplain = (args, options) => runExplain(args, { cwd, ...options });

describe('tutti explain reads', () => {
  const stanza = `<message from='alice@localhost/laptop' to='bob@localhost/desk' type='headline'><body>News</body></message>`;
  const title = 'alice@localhost/laptop → bob@localhost/desk   headline   "News"';

  it('a file, and changes it by the options', async () => {
    writeFileSync(join(cwd, 'message.xml'), stanza);
    expect((await explain(['message.xml'])).out.split('\n')[0]).toBe(title);
    const changed = await explain([
      'message.xml',
      '--from',
      'bob@localhost/phone',
      '--no-to',
      '--type',
      'chat',
      '--no-body',
      '--no-store',
    ]);
    expect(changed.out.split('\n')[0]).toBe('bob@localhost/phone → (no address)   chat   <no-store/>');
  });

  it('an error by its condition', async () => {
    const gone = `<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`;
    const { out } = await explain(['--type', 'error', '--to', 'bob@localhost/phone', '--payload', gone]);
    expect(out.split('\n')[0]).toBe('alice@localhost/phone → bob@localhost/phone   error   <gone/>');
  });

  it('standard input', async () => {
    expect((await explain(['-'], { input: `\n${stanza}\n` })).out.split('\n')[0]).toBe(title);
  });

  it('a world from TOML and from JSON', async () => {
    const accounts = {
      'carol@example.org': { sessions: { phone: 'im-ng', old: 'legacy, priority=-1' }, blocks: ['dave@example.org'] },
      'dave@example.org': { sessions: {}, archive: 'never' },
    };
    writeFileSync(join(cwd, 'world.json'), JSON.stringify({ accounts }));
    writeFileSync(
      join(cwd, 'world.toml'),
      `[accounts."carol@example.org"]\nsessions = { phone = "im-ng", old = "legacy, priority=-1" }\nblocks = ["dave@example.org"]\n` +
        `[accounts."dave@example.org"]\narchive = "never"\n`,
    );
    const args = ['--from', 'ann@elsewhere.example/x', '--to', 'carol@example.org', '--world'];
    const fromToml = await explain([...args, 'world.toml']);
    expect(fromToml.out).toContain(
      '  old    legacy  nothing              D2  RFC 6121 §8.5.2.1.1  negative priority, and no Carbons\n',
    );
    expect((await explain([...args, 'world.json'])).out).toBe(fromToml.out);
    const toDave = await explain([
      '--from',
      'carol@example.org/phone',
      '--to',
      'dave@example.org',
      '--world',
      'world.json',
      '--json',
    ]);
    expect(JSON.parse(toDave.out)).toMatchObject({
      error: { condition: 'not-acceptable' },
      archive: [{ rule: 'D4' }, { rule: 'D4' }],
    });
  });
});

describe('tutti explain tells the reason of nothing', () => {
  it.each([
    ['C2', ['--type', 'error']],
    ['A8', ['--archive', 'bob@localhost=never']],
    ['D5', ['--world', 'empty.json']],
    ['D4', ['--unknown']],
    [
      'D6',
      [
        '--room-copy',
        '--from',
        'room@conference.localhost/nick',
        '--to',
        'bob@localhost/phone',
        '--payload',
        "<x xmlns='http://jabber.org/protocol/muc#user'/>",
      ],
    ],
    ['D3', ['--to', 'bob@localhost/phone', '--type', 'headline']],
    ['S4', ['--to', 'room@conference.localhost', '--type', 'groupchat']],
    ['S5', ['--to', 'ann@elsewhere.example/x', '--type', 'error']],
    ['S2', ['--from', 'alice@localhost/desk']],
  ])('%s', async (rule, args) => {
    writeFileSync(
      join(cwd, 'empty.json'),
      JSON.stringify({ accounts: { 'alice@localhost': { sessions: { phone: 'im-ng' } }, 'bob@localhost': {} } }),
    );
    const { code, out } = await explain(args);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`  ${rule}  \\S`));
  });
});

describe('tutti explain --rules', () => {
  it('lists every rule', async () => {
    const { out } = await explain(['--rules']);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(0, 2)),
    ).toEqual(Object.keys(RULES));
  });

  it('tells one rule by its id', async () => {
    expect((await explain(['D3'])).out).toBe('D3  §3.3  only the named session; an error when it is not there\n');
    expect((await explain(['d3'])).out).toContain('D3');
    expect(JSON.parse((await explain(['D3', '--json'])).out)).toEqual([{ id: 'D3', ...RULES.D3 }]);
  });
});

describe('tutti explain says what is wrong in one line', () => {
  it.each([
    [['Z9'], 'there is no rule Z9; tutti explain --rules lists them'],
    [['nothing.xml'], 'there is no file and no rule "nothing.xml"; tutti explain --rules lists the rules'],
    [['--to', 'a@b@c'], 'to: "a@b@c" is not an address'],
    [
      ['--from', 'alice@localhost/toaster'],
      'there is no session alice@localhost/toaster that could send it; add --session alice@localhost/phone=im-ng',
    ],
    [
      ['--session', 'bob@localhost'],
      '--session bob@localhost: write it like bob@localhost/desk=legacy,carbons,priority=5',
    ],
    [
      ['--session', 'bob@localhost/a=legacy,loud'],
      'session a: "loud" is not one of carbons, silent, priority=-128…127',
    ],
    [
      ['--session', 'bob@localhost/a=legacy,priority=128'],
      'session a: "priority=128" is not one of carbons, silent, priority=-128…127',
    ],
    [['--session', 'bob@localhost/a=im-ng,carbons'], 'session a: IM-NG and Carbons exclude each other (E3)'],
    [
      ['--archive', 'carol@localhost=never'],
      '--archive carol@localhost=never: write never, or an account of this world and =never',
    ],
    [['--policy', 'some'], '--policy some: write everything or content'],
    [
      ['--blocked', '--to', 'ann@elsewhere.example'],
      '--blocked: there is no account ann@elsewhere.example in this world',
    ],
    [['--world', 'nowhere.toml'], 'nowhere.toml: cannot be read'],
    [['-'], 'standard input: <iq/> is no <message/>'],
  ])('%j', async (args, message) => {
    expect(await explain(args, { input: '<iq/>' })).toEqual({ code: 2, out: '', err: `tutti: ${message}\n` });
  });

  it.each([
    ['unknown.json', '{"accounts":{"a@b":{"devices":{}}}}', 'unknown.json: accounts.a@b: '],
    ['empty.toml', '[accounts]', 'empty.toml: there is no account in it'],
    ['jid.json', '{"accounts":{"a@b/c":{}}}', 'jid.json: "a@b/c" is not an account\'s address'],
    ['broken.json', '{', 'broken.json: '],
    ['broken.toml', 'x', 'broken.toml: '],
    ['kind.json', '{"accounts":{"a@b":{"sessions":{"x":"new"}}}}', 'session x: "new" is neither im-ng nor legacy'],
  ])('a world file: %s', async (name, text, message) => {
    writeFileSync(join(cwd, name), text);
    const { code, err } = await explain(['--world', name]);
    expect(code).toBe(2);
    expect(err.startsWith(`tutti: ${message}`)).toBe(true);
    expect(err.trimEnd()).not.toContain('\n');
  });

  it('a stanza that is not well-formed', async () => {
    const { code, err } = await explain(['-'], { input: '<message><body></message>' });
    expect(code).toBe(2);
    expect(err).toMatch(/^tutti: standard input: .+ \(not-well-formed\)\n$/);
  });

  it('--help has examples', async () => {
    expect((await explain(['--help'])).out).toContain('tutti explain --to bob@localhost/gone --marker');
  });
});
