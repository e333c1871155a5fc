import { NS, xml } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Account } from '../client/login.ts';
import { Device } from '../client/device.ts';
import { publish, pubsub } from '../pep.ts';
import { requirePeer } from '../peers.ts';
import type { OwnTarget } from '../target.ts';
import { startTutti } from '../targets/tutti.ts';
import { Profanity } from './profanity.ts';

const OMEMO = 'eu.siacs.conversations.axolotl';
const SOON = { timeout: 20_000 };
const SUITE = 'OMEMO with Profanity';
const hasPeers = requirePeer('profanity', SUITE) && requirePeer('tmux', SUITE);

describe.runIf(hasPeers)('two Profanities and a phone', () => {
  let tutti: OwnTarget;
  let alice: Account;
  let bob: Account;
  let phone: Device;
  const terminals: Profanity[] = [];

  beforeAll(async () => {
    tutti = await startTutti();
    [alice, bob] = await Promise.all([tutti.account('alice'), tutti.account('bob')]);
    phone = await Device.connect('alice.phone', tutti.address('tcp'), alice, 'phone');
    await phone.enableImNg();
    await phone.available();
    for (const account of [alice, bob]) {
      await publishEmptyList(account);
      terminals.push(await Profanity.open(account, tutti.address('tcp').port));
    }
  });

  afterAll(async () => {
    for (const terminal of terminals) await terminal.close();
    await phone?.close();
    await tutti?.stop();
  });

  /** Profanity adds itself to a list. That there is none it understands by an error code of before RFC 3920 only, with Prosody as well. */
  async function publishEmptyList(account: Account): Promise<void> {
    const device = await Device.connect('setup', tutti.address('tcp'), account, 'setup');
    const list = xml('list', { xmlns: OMEMO });
    await device.ask('set', publish(`${OMEMO}.devicelist`, 'current', list, { access_model: 'open' }));
    await device.close();
  }

  async function devicesOf(account: Account): Promise<number> {
    const answer = await phone.ask('get', pubsub(xml('items', { node: `${OMEMO}.devicelist` })), account.jid);
    const list = answer.child('pubsub', NS.pubsub)?.child('items')?.child('item')?.child('list', OMEMO);
    return list?.childrenNamed('device').length ?? 0;
  }

  it('XEP-0384: lists and bundles get to contacts; what is said is read by them, and by nobody on the way', async () => {
    const [hers, his] = terminals as [Profanity, Profanity];
    for (const terminal of [hers, his]) {
      await terminal.connect();
      await terminal.type('/omemo trustmode blind');
      await terminal.type('/omemo gen');
    }
    for (const account of [alice, bob]) await expect.poll(() => devicesOf(account), SOON).toBe(1);
    for (const [asks, grants] of [
      [hers, his],
      [his, hers],
    ] as const) {
      await asks.type(`/sub request ${grants.account.jid}`);
      await grants.shows(new RegExp(`Received authorization request from ${asks.account.jid}`));
      await grants.type(`/sub allow ${asks.account.jid}`);
      await asks.shows(new RegExp(`Subscription received from ${grants.account.jid}`));
    }

    await hers.type(`/omemo start ${bob.jid}`);
    await hers.type('/win 1');
    await hers.shows(new RegExp(`Blind trust for ${bob.jid}`));
    await hers.type(`/msg ${bob.jid} hidden words`);
    await hers.shows(/^me: hidden words$/);
    await his.shows(/^Blind trust for alice/);
    await his.type(`/msg ${alice.jid}`);
    await his.shows(/: hidden words$/);
    await his.type('/omemo start');
    await his.type('hidden answer');
    await his.shows(/^me: hidden answer$/);
    await hers.shows(/^bob.*: hidden answer$/);

    // D1, S2: the phone, which knows nothing of their keys, has both as they stand in the archive.
    const { rows } = await phone.archive({ fields: { with: bob.jid } });
    const encrypted = rows.filter(({ stanza }) => stanza.child('encrypted', OMEMO) !== undefined);
    expect(encrypted.map(({ stanza }) => stanza.attrs['from']?.split('/')[0])).toEqual([alice.jid, bob.jid]);
    expect(rows.map(({ stanza }) => stanza.toString()).join('')).not.toContain('hidden');
    for (const { id } of encrypted)
      await phone.receive((stanza) => stanza.child('stanza-id', NS.sid)?.attrs['id'] === id);
  });
});
