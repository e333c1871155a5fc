import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JID, type Element, NS, parseXml, xml } from '@tutti/xmpp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fakeIo } from '../../test/fake-io.ts';
import { StoredCredentials } from '../accounts/credentials.ts';
import { run } from '../cli/program.ts';
import { services } from '../cli/services.ts';
import { loadConfig } from '../config/load.ts';
import type { Logger } from '../environment.ts';
import { openOffline, type OfflineServer } from './offline-server.ts';

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const ALICE = JID.parse('alice@localhost');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tutti-transfer-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function tutti(line: string): Promise<{ code: number; out: string; err: string }> {
  const io = fakeIo({ cwd: folder });
  const code = await run(line.split(' '), io, services);
  return { code, out: io.stdout.text(), err: io.stderr.text() };
}

async function on<T>(data: string, task: (server: OfflineServer) => Promise<T>): Promise<T> {
  const { config } = loadConfig({ settings: [`data=${join(folder, data)}`] });
  const server = await openOffline(config, quiet);
  try {
    return await task(server);
  } finally {
    await server.close();
  }
}

/** What is kept of an account, as it is exported, less what has to differ. */
async function dump(data: string, account = ALICE): Promise<{ data: string[]; archive: string[] }> {
  return on(data, async ({ core, log }) => {
    const loaded = await core.accounts.load(account);
    if (loaded === undefined) throw new Error(`no ${account.toString()}`);
    const kept: string[] = [];
    for (const portable of core.registry.portables) {
      for await (const element of portable.write(loaded)) kept.push(element.toString());
    }
    const rows = await log.read(account.toString(), 0, 1000);
    const archive = rows.map((row) => `${row.at} ${row.peer} ${row.outgoing} ${Buffer.from(row.stanza).toString()}`);
    return { data: kept.toSorted(), archive };
  });
}

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return name;
};

const result = (stamp: string, message: Element): string =>
  xml(
    'result',
    { xmlns: NS.mam, id: 'x' },
    xml('forwarded', { xmlns: NS.forward }, xml('delay', { xmlns: NS.delay, stamp }), message),
  ).toString();

const said = (from: string, to: string, body: string): Element =>
  xml('message', { xmlns: NS.client, from, to, type: 'chat', id: body }, xml('body', null, body));

const FULL = `<?xml version='1.0'?>
<server-data xmlns='urn:xmpp:pie:0'>
  <host jid='localhost'>
    <user name='alice' password='secret'>
      <query xmlns='jabber:iq:roster'>
        <item jid='bob@localhost' name='Bob &amp; Co' subscription='both'><group>Friends</group></item>
        <item jid='carol@else.example' subscription='none' ask='subscribe'/>
      </query>
      <presence xmlns='jabber:client' type='subscribe' from='dave@else.example/phone'/>
      <blocklist xmlns='urn:xmpp:blocking'><item jid='eve@else.example'/></blocklist>
      <prefs xmlns='urn:xmpp:mam:2' default='roster'><always><jid>bob@localhost</jid></always><never/></prefs>
      <unheard xmlns='urn:of'/>
      <offline-messages>
        <message xmlns='jabber:client' from='bob@localhost' to='alice@localhost'><body>twice</body><delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:09Z'/></message>
      </offline-messages>
      <archive xmlns='urn:xmpp:pie:0#mam'>
        ${result('2020-01-01T00:00:01Z', said('alice@localhost/a', 'bob@localhost', 'one'))}
        ${result('2020-01-01T00:00:02Z', said('bob@localhost/b', 'alice@localhost', 'two'))}
        ${result('2020-01-01T00:00:01Z', said('bob@localhost/b', 'alice@localhost', 'late'))}
        ${result('never', said('bob@localhost/b', 'alice@localhost', 'timeless'))}
        ${result('2020-01-01T00:00:03Z', said('bob@localhost/b', 'carol@else.example', 'of others'))}
      </archive>
    </user>
    <user name='bob'><scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='SCRAM-SHA-1'><iter-count>4096</iter-count><salt>QUJD</salt><server-key>${'A'.repeat(27)}=</server-key><stored-key>${'B'.repeat(27)}=</stored-key></scram-credentials></user>
  </host>
  <host jid='else.example'><user name='carol'/></host>
</server-data>`;

describe('XEP-0227: import', () => {
  test('takes accounts, contacts, requests, block lists, preferences and the archive with its times', async () => {
    const { code, out } = await tutti(`import ${write('in.xml', FULL)} --data in`);
    expect(out).toBe(`read 2 accounts with 3 messages
  left alone carol@else.example: else.example is not a domain of this server
  ignored <unheard xmlns='urn:of'>
  ignored a message of an archive that has no time, or is not of the account (2 times)
  1 with keys for SCRAM-SHA-1 alone: leave the other SCRAM mechanisms out of auth.mechanisms, or set new passwords
`);
    expect(code).toBe(0);
    const { data, archive } = await dump('in');
    expect(archive.map((line) => line.replace(/<.*<body>(.*)<.body>.*/, '$1'))).toEqual([
      `${Date.UTC(2020, 0, 1, 0, 0, 1)} bob@localhost true one`,
      `${Date.UTC(2020, 0, 1, 0, 0, 2)} bob@localhost false two`,
      `${Date.UTC(2020, 0, 1, 0, 0, 2)} bob@localhost false late`,
    ]);
    const all = data.join('\n');
    expect(all).toContain("name='Bob &amp; Co'");
    expect(all).toContain('dave@else.example');
    expect(all).toContain('eve@else.example');
    expect(all).toContain("default='roster'");
    await on('in', async ({ log, store }) => {
      expect(await log.legacyCursor('alice@localhost')).toEqual({ seq: 3, owed: [] });
      const credentials = new StoredCredentials(store.tables());
      expect(await credentials.find(ALICE)).toMatchObject({ sha1: {}, sha256: {}, sha512: {} });
      expect((await credentials.find(JID.parse('bob@localhost')))?.sha1?.iterations).toBe(4096);
    });
  });

  test('what was exported comes in as it went out', async () => {
    await tutti(`import ${write('in.xml', FULL)} --data first`);
    expect((await tutti('export out.xml --data first')).out).toBe('wrote 2 accounts with 3 messages to out.xml\n');
    expect(statSync(join(folder, 'out.xml')).mode & 0o777).toBe(0o600);
    expect(
      parseXml(
        readFileSync(join(folder, 'out.xml'), 'utf8')
          .replace(/^<\?.*\?>\s*/, '')
          .trim(),
      ).name,
    ).toBe('server-data');
    expect((await tutti('import out.xml --data second')).out).toContain('read 2 accounts with 3 messages\n');
    expect(await dump('second')).toEqual(await dump('first'));
    await tutti('export again.xml --data second');
    const strip = (name: string): string =>
      readFileSync(join(folder, name), 'utf8').replaceAll(/ id='[^']*'><forwarded/g, '><forwarded');
    expect(strip('again.xml')).toBe(strip('out.xml'));
  });

  test('accounts that are there are left alone; messages that waited are offered where there is no archive', async () => {
    const offline = `<server-data xmlns='urn:xmpp:pie:0'><host jid='localhost'><user name='alice'><offline-messages>
      <message xmlns='jabber:client' from='bob@localhost' to='alice@localhost' type='chat'><body>news</body><delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:09Z'/></message>
    </offline-messages></user></host></server-data>`;
    const first = await tutti(`import ${write('in.xml', offline)} --data in`);
    expect(first.out).toBe(`read 1 account with 1 messages
  alice@localhost has no password yet: tutti user passwd alice@localhost
`);
    await on('in', async ({ log }) => expect((await log.legacyCursor('alice@localhost')).seq).toBe(0));
    const second = await tutti('import in.xml --data in --json');
    expect(JSON.parse(second.out)).toMatchObject({
      accounts: 0,
      skipped: { 'alice@localhost': 'it is there already' },
    });
  });

  test('files of a folder that include each other are read; no others', async () => {
    mkdirSync(join(folder, 'host'));
    const xi = "xmlns:xi='http://www.w3.org/2001/XInclude'";
    write('main.xml', `<server-data xmlns='urn:xmpp:pie:0' ${xi}><xi:include href='host.xml'/></server-data>`);
    write('host.xml', `<host xmlns='urn:xmpp:pie:0' ${xi} jid='localhost'><xi:include href='host/alice.xml'/></host>`);
    write('host/alice.xml', "<user xmlns='urn:xmpp:pie:0' name='alice' password='x'/>");
    // A user of an included file has the host of the file that includes it.
    expect((await tutti('import main.xml --data in')).out).toBe('read 1 account with 0 messages\n');
    for (const href of ['/etc/passwd', '../../other.xml']) {
      write('evil.xml', `<server-data xmlns='urn:xmpp:pie:0' ${xi}><xi:include href='${href}'/></server-data>`);
      expect((await tutti('import evil.xml --data in')).err).toContain('which is not in its folder');
    }
  });

  test('a file that is damaged says where, and what was begun is gone at the next start', async () => {
    const damaged = write('bad.xml', FULL.slice(0, FULL.indexOf("<user name='bob'>") + 30));
    const { code, err } = await tutti(`import ${damaged} --data in`);
    expect([code, err]).toEqual([1, expect.stringMatching(/^tutti: .*bad\.xml: .*\n$/)]);
    await on('in', async ({ core }) => {
      expect((await core.options.accounts.list()).map(({ jid }) => jid)).toEqual(['alice@localhost']);
    });
    expect((await tutti(`import ${write('doctype.xml', '<!DOCTYPE a><a/>')} --data in`)).err).toContain(
      'document type',
    );
    expect(await tutti('import none.xml --data in')).toMatchObject({ code: 2 });
  });
});

describe('XEP-0227: export', () => {
  test('of chosen accounts, without archive and without passwords', async () => {
    await tutti(`import ${write('in.xml', FULL)} --data in`);
    await tutti('export bob.xml --account bob@localhost --no-credentials --data in');
    const text = readFileSync(join(folder, 'bob.xml'), 'utf8');
    expect(text).toContain("<user name='bob'>");
    expect(text).not.toContain('scram');
    expect(text).not.toContain('alice');
    expect(await tutti('export bob.xml --data in')).toMatchObject({ code: 1, err: expect.stringContaining('--force') });
    expect((await tutti('export bob.xml --force --no-archive --data in')).out).toBe(
      'wrote 2 accounts with 0 messages to bob.xml\n',
    );
    expect((await tutti('export c.xml --account carol@localhost --data in')).err).toContain(
      'there is no account carol@localhost',
    );
  });
});
