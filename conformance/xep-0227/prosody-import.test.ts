import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NS, xml } from '@tutti/xmpp';
import { startServer } from 'tutti';
import { describe, expect, it } from 'vitest';
import { Device } from '../client/device.ts';
import type { Address } from '../client/transport.ts';
import { requirePeer } from '../peers.ts';
import { startProsody } from '../targets/prosody.ts';

const TUTTI = new URL('../../packages/server/bin/tutti.js', import.meta.url).pathname;

const MIGRATOR = '/usr/bin/prosody-migrator';

describe.runIf(requirePeer('prosody', "moving in from Prosody's files"))("XEP-0227: from Prosody's files", () => {
  it('password, contacts and archive come in as its migrator writes them', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tutti-moving-'));
    try {
      const { alice, bob } = await talkOnProsody(join(folder));
      migrate(folder);
      const files = readdirSync(folder).filter((name) => name.endsWith('.xml'));
      expect(files).toHaveLength(2);
      const data = join(folder, 'tutti');
      const paths = files.map((name) => join(folder, name));
      const command = ['--conditions=source', TUTTI, 'import', ...paths, '--data', data, '--json'];
      const { stdout } = await promisify(execFile)(process.execPath, command);
      expect(JSON.parse(stdout)).toMatchObject({ accounts: 2, messages: 4, skipped: {}, withoutPassword: [] });
      await checkOnTutti(data, alice, bob);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Prosody's own migrator. It writes to where its data are: that is a constant of its first lines. */
function migrate(folder: string): void {
  const stores = ['accounts', 'roster', 'vcard', 'private', 'archive-archive', 'pep-pubsub'].map(
    (store) => `"${store}"`,
  );
  const side = `hosts = { ["localhost"] = { ${stores.join(', ')} } }; path = "${folder}";`;
  const config = join(folder, 'migrator.cfg.lua');
  writeFileSync(config, `input { ${side} type = "internal" }\noutput { ${side} type = "xep0227" }\n`);
  const script = join(folder, 'migrator.lua');
  writeFileSync(
    script,
    readFileSync(MIGRATOR, 'utf8').replace("CFG_DATADIR='/var/lib/prosody'", `CFG_DATADIR='${folder}'`),
  );
  execFileSync('lua5.4', [script, '--root', `--config=${config}`], { stdio: 'pipe' });
}

/** Alice and Bob become contacts and say two things. */
async function talkOnProsody(folder: string): Promise<{ alice: string; bob: string }> {
  const settings = ['authentication = "internal_hashed"', 'default_archive_policy = true', 'storage = "internal"'];
  const prosody = await startProsody(settings.join('\n'), folder);
  try {
    const [alice, bob] = [await prosody.account('alice'), await prosody.account('bob')];
    const address = prosody.address('tcp');
    const phone = await Device.connect('alice.phone', address, alice, 'phone');
    const desk = await Device.connect('bob.desk', address, bob, 'desk');
    for (const device of [phone, desk]) {
      await device.ask('get', xml('query', { xmlns: NS.roster }));
      await device.available();
    }
    phone.presence({ to: bob.jid, type: 'subscribe' });
    await desk.expect(({ name, attrs }) => name === 'presence' && attrs['type'] === 'subscribe');
    desk.presence({ to: alice.jid, type: 'subscribed' });
    await phone.expect(({ name, attrs }) => name === 'presence' && attrs['type'] === 'subscribed');
    phone.message({ to: bob.jid, type: 'chat' }, 'one');
    await desk.expect((stanza) => stanza.child('body')?.text() === 'one');
    desk.message({ to: alice.jid, type: 'chat' }, 'two');
    await phone.expect((stanza) => stanza.child('body')?.text() === 'two');
    for (const device of [phone, desk]) await device.close();
    return { alice: alice.jid, bob: bob.jid };
  } finally {
    await prosody.stop();
  }
}

async function checkOnTutti(data: string, alice: string, bob: string): Promise<void> {
  // Prosody keeps keys for one hash.
  const settings = [
    'auth.mechanisms=["SCRAM-SHA-1"]',
    'c2s.port=0',
    'c2s_tls.port=0',
    's2s.enabled=false',
    'http.port=0',
  ];
  const server = await startServer({ data, settings });
  try {
    const c2s = server.listening.find(({ name }) => name === 'c2s');
    const address: Address = {
      transport: 'tcp',
      tls: 'starttls',
      host: '127.0.0.1',
      port: c2s?.port ?? 0,
      domain: 'localhost',
    };
    const phone = await Device.connect('alice.phone', address, { jid: alice, password: 'secret' }, 'phone');
    const roster = await phone.ask('get', xml('query', { xmlns: NS.roster }));
    expect(
      roster.child('query', NS.roster)?.elements.map(({ attrs }) => [attrs['jid'], attrs['subscription']]),
    ).toEqual([[bob, 'to']]);
    const { rows } = await phone.archive();
    expect(rows.map(({ stanza }) => stanza.child('body')?.text())).toEqual(['one', 'two']);
    await phone.close();
  } finally {
    await server.stop();
  }
}
